"""As much of Markdown (CommonMark) as the descriptions of an OpenAPI document
use: headings, paragraphs, lists, tables, code, strong and emphasis."""
import html
import re

INLINE = re.compile(r"`([^`]+)`|\*\*([^*]+)\*\*|\*([^*\s][^*]*)\*"
                    r"|\[([^\]]+)\]\((https?://[^)\s]+|#[\w-]+)\)")


def escape(text):
    return html.escape(text, quote=True)


def code(text):
    return f"<code>{escape(text)}</code>"


def slug(text):
    """An anchor."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def inline(text):
    out, end = "", 0
    for match in INLINE.finditer(text):
        out += escape(text[end:match.start()])
        literal, strong, emphasis, label, target = match.groups()
        if literal:
            out += code(literal)
        elif strong:
            out += f"<strong>{inline(strong)}</strong>"
        elif emphasis:
            out += f"<em>{inline(emphasis)}</em>"
        else:
            out += f'<a href="{escape(target)}">{inline(label)}</a>'
        end = match.end()
    return out + escape(text[end:])


def table(lines):
    rows = [[cell.strip() for cell in line.strip("|").split("|")]
            for line in lines]
    head = "".join(f"<th>{inline(cell)}</th>" for cell in rows[0])
    body = "".join(
        "<tr>" + f"<th>{inline(row[0])}</th>" +
        "".join(f"<td>{inline(cell)}</td>" for cell in row[1:]) + "</tr>"
        for row in rows[2:])
    return f"<table><thead><tr>{head}</tr></thead>" \
        f"<tbody>{body}</tbody></table>"


def listing(lines, kind):
    items = []
    for line in lines:
        if re.match(r"(- |\d+\. )", line):
            items.append(line.split(" ", 1)[1])
        else:
            items[-1] += " " + line.strip()
    body = "".join(f"<li>{inline(item)}</li>" for item in items)
    return f"<{kind}>{body}</{kind}>"


def block(lines):
    first = lines[0]
    heading = re.match(r"(#+) (.*)", first)
    if heading:
        level = min(len(heading[1]), 5)
        return f'<h{level} id="{slug(heading[2])}">{inline(heading[2])}' \
            f"</h{level}>"
    if first.startswith("|"):
        return table(lines)
    if first.startswith("- "):
        return listing(lines, "ul")
    if re.match(r"\d+\. ", first):
        return listing(lines, "ol")
    return f"<p>{inline(' '.join(lines))}</p>"


def markdown(text):
    """Blocks are separated by blank lines."""
    return "\n".join(block(part.split("\n"))
                     for part in re.split(r"\n\s*\n", text.strip()) if part)
