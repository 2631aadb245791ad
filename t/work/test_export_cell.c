/* S32: no cell of a spreadsheet-safe export begins a formula. */
#include <string.h>

#include "t/tap.h"
#include "work/export_cell.h"

static const struct {
	const char *text, *safe;
} cases[] = {
    {"", ""},
    {"plain text", "plain text"},
    {"=1+1", "'=1+1"},
    {"+44 20 1234", "'+44 20 1234"},
    {"-5.00", "'-5.00"},
    {"@SUM(A1)", "'@SUM(A1)"},
    {"\tx", "'\tx"},
    {"\rx", "'\rx"},
    {"\nx", "'\nx"},
    {"  =1", "  '=1"},
    {"\xEF\xBC\x9D"
     "1",
        "'\xEF\xBC\x9D"
        "1"},
    {"\xEF\xBC\x8B"
     "1",
        "'\xEF\xBC\x8B"
        "1"},
    {"\xEF\xBC\x8D"
     "1",
        "'\xEF\xBC\x8D"
        "1"},
    {"\xEF\xBC\xA0"
     "1",
        "'\xEF\xBC\xA0"
        "1"},
    {"\xEF\xBC", "\xEF\xBC"},
    {"a;=1", "a;'=1"},
    {"a,+1", "a,'+1"},
    {"a, -1", "a, '-1"},
    {"a\t@x", "a\t'@x"},
    {"a|=x", "a|'=x"},
    {"a\"=x", "a\"'=x"},
    {"a'=x", "a''=x"},
    {"a\n=x", "a\n'=x"},
    {"a\r\n=x", "a\r\n'=x"},
    {"\r\n=x", "'\r\n'=x"},
    {" \tx", " '\tx"},
    {"a\r\nb\tc", "a\r\nb\tc"},
    {"==x", "'==x"},
    {"2024-02-29", "2024-02-29"},
    {"a=b", "a=b"},
    {"ann@example.org", "ann@example.org"},
    {"O'Brien-Smith", "O'Brien-Smith"},
    {"1,5", "1,5"},
};

int
main(void)
{
	struct buf out = {0};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_reset(&out);
		buf_adds(&out, "");
		export_cell_defuse(&out, cases[i].text, strlen(cases[i].text));
		is_str(out.data, cases[i].safe, "S32: case");
	}
	buf_free(&out);
	return done_testing();
}
