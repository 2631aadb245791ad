/*
 * Kinds of jobs: X(NAME, "operation", right, payload, cancel)
 * The order is that of the numbers in job_queue.kind: new ones go at the end,
 * or, with a schema file that moves those numbers, before BACKGROUND ones.
 * right    what its user must still have in the workspace when a chunk runs
 *          (S15); 0: the programs' own, no user is asked after
 * payload  ROWS: chunks are packed records; RANGE: chunks are ranges of numbers;
 *          WHOLE: one chunk, which takes long and renews its lease
 * cancel   CANCEL: what is not done may be cancelled. ENDLESS: it has to come
 *          to its end, and is tried until it does. BACKGROUND: the same, and
 *          nobody waits for it: a worker takes it a part of its time ([worker]
 *          background); these stand last
 */
X(UPLOAD, "upload", RIGHT_UPLOAD, ROWS, CANCEL)
X(UPDATE, "update", RIGHT_WRITE, ROWS, CANCEL)
X(DELETE, "delete", RIGHT_WRITE, RANGE, CANCEL)
X(CLEAR, "clear", 0, RANGE, ENDLESS)
X(CONVERT, "convert", 0, RANGE, ENDLESS)
X(EXPORT, "export", 0, WHOLE, CANCEL)
X(ROTATE, "rotate", 0, RANGE, BACKGROUND)
X(REINDEX, "reindex", 0, RANGE, BACKGROUND)
