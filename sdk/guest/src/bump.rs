//! The arithmetic of memory that is given out by bumping a pointer: addresses only, no memory.

use core::cell::Cell;

/// A stretch of addresses of which a part is given out.
#[derive(Debug)]
pub(crate) struct Bump {
    start: Cell<usize>,
    next: Cell<usize>,
    end: Cell<usize>,
}

impl Bump {
    pub(crate) const fn empty() -> Self {
        Self { start: Cell::new(0), next: Cell::new(0), end: Cell::new(0) }
    }

    /// Lies from `start` to `end` from now on, and nothing of it is given out.
    pub(crate) fn lie(&self, start: usize, end: usize) {
        self.start.set(start);
        self.next.set(start);
        self.end.set(end);
    }

    /// What was given out so far stays: it starts behind it.
    pub(crate) fn start_here(&self) {
        self.start.set(self.next.get());
    }

    /// Takes back all that was given out since the start.
    pub(crate) fn start_over(&self) {
        self.next.set(self.start.get());
    }

    pub(crate) fn extend(&self, end: usize) {
        self.end.set(end);
    }

    pub(crate) fn next(&self) -> usize {
        self.next.get()
    }

    pub(crate) fn end(&self) -> usize {
        self.end.get()
    }

    pub(crate) fn holds(&self, block: usize) -> bool {
        self.start.get() <= block && block < self.end.get()
    }

    /// A block, if there is room; `align` is a power of two.
    pub(crate) fn take(&self, size: usize, align: usize) -> Option<usize> {
        let block = self.next.get().checked_add(align - 1)? & !(align - 1);
        let after = block.checked_add(size).filter(|after| *after <= self.end.get())?;
        self.next.set(after);
        Some(block)
    }

    /// Only the newest block can be given back.
    pub(crate) fn give_back(&self, block: usize, size: usize) {
        if self.is_newest(block, size) {
            self.next.set(block);
        }
    }

    /// Whether the block ends where the next one would begin.
    pub(crate) fn is_newest(&self, block: usize, size: usize) -> bool {
        block + size == self.next.get() && block >= self.start.get()
    }

    /// Lets the newest block have another size, if there is room.
    pub(crate) fn resize(&self, block: usize, size: usize) -> bool {
        let after = block.checked_add(size).filter(|after| *after <= self.end.get());
        if let Some(after) = after {
            self.next.set(after);
        }
        after.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::Bump;

    #[test]
    fn blocks_are_aligned_and_lie_within() {
        let bump = Bump::empty();
        assert_eq!(bump.take(1, 1), None);
        bump.lie(100, 200);
        assert_eq!(bump.take(3, 1), Some(100));
        assert_eq!(bump.take(8, 16), Some(112));
        assert_eq!(bump.take(81, 1), None, "one byte too many");
        assert_eq!(bump.take(80, 1), Some(120));
        assert_eq!(bump.take(usize::MAX, 8), None);
        assert!(bump.holds(100) && bump.holds(199) && !bump.holds(99) && !bump.holds(200));
    }

    #[test]
    fn only_the_newest_block_is_given_back_or_grows() {
        let bump = Bump::empty();
        bump.lie(100, 200);
        let (old, new) =
            (bump.take(10, 1).expect("there is room"), bump.take(10, 1).expect("there is room"));
        bump.give_back(old, 10);
        assert_eq!(bump.next(), 120);
        assert!(!bump.is_newest(old, 10) && bump.is_newest(new, 10));
        assert!(bump.resize(new, 90) && !bump.resize(new, 91));
        assert_eq!(bump.next(), 200);
        bump.extend(300);
        assert!(bump.resize(new, 91));
        assert_eq!((bump.next(), bump.end()), (201, 300));
        bump.give_back(new, 91);
        bump.give_back(old, 10);
        assert_eq!(bump.next(), 100);
    }

    #[test]
    fn what_lies_before_the_start_is_never_taken_back() {
        let bump = Bump::empty();
        bump.lie(100, 200);
        let kept = bump.take(10, 1).expect("there is room");
        bump.start_here();
        bump.give_back(kept, 10);
        assert_eq!(bump.take(5, 1), Some(110));
        bump.start_over();
        assert_eq!(bump.take(5, 1), Some(110));
    }
}
