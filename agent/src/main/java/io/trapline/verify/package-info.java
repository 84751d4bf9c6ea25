/// The conservation check: does what was acknowledged stand where it should?
///
/// ## What is held against what
///
/// Every frame that was acknowledged is in the journal. From there it goes to readers, each with a
/// database of its own, and is trimmed when all have it. Each of these places keeps sums beside
/// what it keeps, **in the transaction that changes it**. So the sums are on disk exactly as what
/// they count is, whatever was killed and whenever, and two places that were written by different
/// programs at different times can be held against each other. A sum is of a door (`pythond`,
/// `http`, `push`, `trap`: the first part of a frame's source; a frame from another Trapline keeps
/// its source, and so its door) and of the hour in which the frame was accepted, by the time in the
/// frame itself; it counts frames and the entries in them, as the head of a frame tells.
///
/// | sum | where it is kept | changed with |
/// | --- | --- | --- |
/// | appended, trimmed, lost, gone | `journal_sum` | the frames that come, go, could not be saved, vanished |
/// | base of a reader | `journal_sum` | its cursor's first row: what was gone before it came |
/// | passed, excluded, made, sent, aside of an output | `journal_sum` | the output's cursor |
/// | taken | the store's `trapline.taken` | rows and position |
/// | came, expired | the store's `trapline.row_sums` | the rows that come and go |
/// | given up, sent again, dropped | `forward.db` | what is set aside |
///
/// These must agree:
///
/// 1. *journal*: appended − trimmed − lost = the frames in the file, which are read and weighed
///    anew; none is damaged; lost = 0; gone = 0.
/// 2. *store, taken*: appended − its base − the frames after its position = taken, of each door and
///    hour. Which entries of a frame were set aside as unreadable is counted, and is no error.
/// 3. *store, rows*: came − expired = the rows that are there, of each kind and source; of runs,
///    check states and set-aside frames one sum each.
/// 4. *outputs, passed*: appended − its base − the frames after its cursor = passed.
/// 5. *outputs, items*: made = sent + aside. What the selection excludes makes no item.
/// 6. *outputs, aside*: aside ≤ what is in `forward.db` + what was sent again, dropped or given up.
/// 7. No reader and no store is ahead of the journal.
///
/// ## While everything goes on
///
/// The positions differ, and that is no error but a lag: a sum of a reader is held against what was
/// appended less what lies after the reader's own position. For that the frames after it must still
/// be there when the journal is read, so that trimming is held up from before the store is asked
/// until the journal's file is read in one transaction ([SqliteJournal#hold]).
///
/// ## What it does not say
///
/// - That an output's receiver kept what it acknowledged. Nobody but the receiver knows.
/// - What was refused at a door: the sender was told so, and nothing of it is on disk.
/// - That a check's periods were made right. A submission is one frame of the door `trap`, and what
///   a period ends with is another; each is counted where it is, once. How the one came of the
///   others cannot be told any more once they are trimmed, and telling it would be a second period
///   engine.
/// - Which row is missing, or what is in it: two errors of one source that cancel each other, such
///   as a row lost and another doubled, keep their sums.
/// - Since when a row is wrong: rows carry no time of arrival, so that sum 3 is of all rows also
///   when only what arrived since some time is asked for.
@NullMarked
package io.trapline.verify;

import org.jspecify.annotations.NullMarked;
