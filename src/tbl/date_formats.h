/*
 * The formats of a date field: X(PATTERN)
 * A row drives both parsing and printing (model/types/date.c). In a pattern
 *   yyyy year, four digits        yy   its last two: 69 to 99 are 19xx
 *   MM   month, two digits        dd   day, two digits
 *   MMM  month, "Jan"             MMMM month, "January"; in any case
 * and any other character stands for itself.
 */
X("yyyy-MM-dd")
X("dd/MM/yyyy")
X("MM/dd/yyyy")
X("dd-MM-yyyy")
X("MM-dd-yyyy")
X("dd.MM.yyyy")
X("yyyy/MM/dd")
X("dd MMM yyyy")
X("MMM dd, yyyy")
X("MMMM dd, yyyy")
X("dd MMMM yyyy")
X("yy/MM/dd")
X("dd/MM/yy")
X("MM/dd/yy")
