"""What deletion has to leave: every table is gone through."""


class Eraser:
    """Looks into a site's database."""

    def __init__(self, site, workspace):
        self.site = site
        self.workspace = site.sql("SELECT id FROM workspace WHERE uuid ="
                                  f" UNHEX(REPLACE('{workspace}', '-', ''))"
                                  )[0][0]

    def seqs(self, ids):
        """The customers' seqs, as a list of text."""
        listed = ",".join(f"UNHEX('{i.replace('-', '')}')" for i in ids)
        return [row[0] for row in self.site.sql(
            f"SELECT seq FROM customer WHERE workspace_id = {self.workspace}"
            f" AND uuid IN ({listed}) ORDER BY seq")]

    def digests(self, seqs):
        """The unique digests of customers, in hex."""
        return [row[0] for row in self.site.sql(
            "SELECT HEX(digest) FROM customer_unique WHERE workspace_id ="
            f" {self.workspace} AND seq IN ({','.join(seqs)})")]

    def tables_of(self, column):
        return [row[0] for row in self.site.sql(
            "SELECT table_name FROM information_schema.columns WHERE"
            f" table_schema = '{self.site.db_name}' AND column_name ="
            f" '{column}' ORDER BY 1")]

    def left(self, seqs, ids=(), digests=(), texts=()):
        """Where any of it is found: seqs by the tables that have the column,
        ids, digests and texts in every column of every row of all tables
        but the audit log."""
        found = []
        for table in self.tables_of("seq"):
            count = self.site.sql(
                f"SELECT COUNT(*) FROM `{table}` WHERE workspace_id ="
                f" {self.workspace} AND seq IN ({','.join(seqs)})")[0][0]
            if count != "0":
                found.append((table, "seq", count))
        wanted = [i.replace("-", "").upper() for i in ids] + list(digests) + [
            form.encode().hex().upper() for text in list(texts) + list(ids)
            for form in (text,)]
        for table, column in self.site.sql(
                "SELECT table_name, column_name FROM"
                " information_schema.columns WHERE table_schema ="
                f" '{self.site.db_name}' AND table_name NOT LIKE 'audit%'"):
            dump = "\n".join(row[0] for row in self.site.sql(
                f"SELECT HEX(`{column}`) FROM `{table}`") if row)
            found += [(table, column, word) for word in wanted
                      if word in dump]
        return found

    def counts_wrong(self):
        """Counts that differ from what is there, and members of nobody."""
        ws = self.workspace
        wrong = []
        for level, span in ((0, 1024), (1, 32768)):
            wrong += self.site.sql(
                f"SELECT 'all', {level}, b.bucket, b.live, COUNT(c.seq) FROM"
                " segment_bucket b LEFT JOIN customer c ON c.workspace_id ="
                f" {ws} AND c.seq DIV {span} = b.bucket WHERE b.workspace_id"
                f" = {ws} AND b.segment_id = 0 AND b.level = {level}"
                " GROUP BY b.bucket, b.live HAVING b.live <> COUNT(c.seq)")
            wrong += self.site.sql(
                f"SELECT b.segment_id, {level}, b.bucket, b.live,"
                " COUNT(m.seq) FROM segment_bucket b LEFT JOIN segment_member"
                f" m ON m.workspace_id = {ws} AND m.segment_id = b.segment_id"
                f" AND m.position DIV {span} = b.bucket WHERE b.workspace_id"
                f" = {ws} AND b.segment_id > 0 AND b.level = {level} GROUP BY"
                " b.segment_id, b.bucket, b.live"
                " HAVING b.live <> COUNT(m.seq)")
        wrong += self.site.sql(
            "SELECT 'orphan', m.segment_id, m.seq FROM segment_member m"
            " LEFT JOIN customer c ON c.workspace_id = m.workspace_id AND"
            " c.seq = m.seq LEFT JOIN segment s ON s.workspace_id ="
            " m.workspace_id AND s.id = m.segment_id WHERE c.seq IS NULL OR"
            " s.id IS NULL")
        wrong += self.site.sql(
            "SELECT 'digest', u.seq FROM customer_unique u LEFT JOIN customer"
            " c ON c.workspace_id = u.workspace_id AND c.seq = u.seq"
            " WHERE c.seq IS NULL")
        return wrong
