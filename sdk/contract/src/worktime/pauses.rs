//! The union of pauses: overlapping pauses never count twice.

/// The intervals clipped to `from..to`, in order and disjoint; empty and reversed ones are gone.
///
/// Whether an end belongs to its interval is the same for all and therefore does not matter here.
pub(super) fn union(
    intervals: impl Iterator<Item = (i64, i64)>,
    from: i64,
    to: i64,
) -> Vec<(i64, i64)> {
    let mut clipped: Vec<_> = intervals
        .map(|(begin, end)| (begin.max(from), end.min(to)))
        .filter(|(begin, end)| begin < end)
        .collect();
    clipped.sort_unstable();
    let mut merged: Vec<(i64, i64)> = Vec::with_capacity(clipped.len());
    for (begin, end) in clipped {
        match merged.last_mut() {
            Some(last) if begin <= last.1 => last.1 = last.1.max(end),
            _ => merged.push((begin, end)),
        }
    }
    merged
}
