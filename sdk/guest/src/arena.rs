//! Memory of a plugin: a pointer that is bumped during a batch and set back after it.
//!
//! There is nothing to free: what `configure` allocated stays, everything later is forgotten when
//! the next batch arrives. This saves most of the cost of allocation, which weighs more in
//! WebAssembly than natively. It also means that a `static` filled during a batch would dangle: a
//! fold has none.
//!
//! What was looked up in the tables lies in a region of its own and outlives the batch; see
//! [`lasting`]. Nothing in it may point into a batch, so nothing in it is changed but by the SDK.
#![expect(unsafe_code, reason = "a global allocator cannot be written without")]

use crate::bump::Bump;
use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32::{memory_grow, memory_size};
use core::cell::Cell;

const PAGE_BYTES: usize = 64 * 1024;
/// Pages asked for at once: growing is a call into the host.
const GROW_PAGES: usize = 16;
/// Room for what lasts: some thousand rows. What is never touched costs the host nothing.
const LASTING_BYTES: usize = 2 * 1024 * 1024;
/// Alignment of the region for what lasts: as much as any block asks for.
const LASTING_ALIGN: usize = 16;

/// See the module.
pub(crate) struct Arena {
    /// What the running batch uses. It starts behind what `configure` has left.
    batch: Bump,
    /// What is kept from batch to batch. It is empty until parameters are configured.
    kept: Bump,
    /// Set when a batch has answered: the next allocation belongs to a new batch.
    answered: Cell<bool>,
    /// Whether what is allocated now is to last.
    is_lasting: Cell<bool>,
    /// Whether something that was to last lies with a batch instead.
    spilled: Cell<bool>,
}

// SAFETY: a component instance runs on one thread at a time, and this module has no threads.
unsafe impl Sync for Arena {}

#[global_allocator]
static ARENA: Arena = Arena {
    batch: Bump::empty(),
    kept: Bump::empty(),
    answered: Cell::new(false),
    is_lasting: Cell::new(false),
    spilled: Cell::new(false),
};

/// What is allocated so far stays for the life of the instance.
pub(crate) fn keep() {
    ARENA.batch.start_here();
    let Some(start) = ARENA.of_batch(LASTING_BYTES, LASTING_ALIGN) else { return };
    ARENA.kept.lie(start, start + LASTING_BYTES);
    ARENA.batch.start_here();
}

/// What was allocated since [`keep`] is forgotten at the next allocation, but for what lasts.
pub(crate) fn forget() {
    ARENA.answered.set(true);
}

/// What `make` allocates lasts beyond the batch, until [`start_over`].
pub(crate) fn lasting<R>(make: impl FnOnce() -> R) -> R {
    let before = ARENA.is_lasting.replace(true);
    let made = make();
    ARENA.is_lasting.set(before);
    made
}

/// Whether all that was to last since [`start_over`] does.
pub(crate) fn lasts() -> bool {
    !ARENA.spilled.get()
}

/// What was to last is forgotten, and nobody may use it again.
pub(crate) fn start_over() {
    ARENA.kept.start_over();
    ARENA.spilled.set(false);
}

// SAFETY: blocks lie in one of two stretches of addresses that do not overlap, are aligned as asked
// and never overlap each other until the batch that used them has been answered, or, of what lasts,
// until it is forgotten.
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if self.is_lasting.get() {
            if let Some(block) = self.kept.take(layout.size(), layout.align()) {
                return block as *mut u8;
            }
            self.spilled.set(true);
        }
        let block = self.of_batch(layout.size(), layout.align());
        block.map_or(core::ptr::null_mut(), |block| block as *mut u8)
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        self.batch.give_back(block as usize, layout.size());
        self.kept.give_back(block as usize, layout.size());
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let start = block as usize;
        let is_kept = self.kept.holds(start);
        if !is_kept && self.batch.is_newest(start, layout.size()) {
            let fits = self.batch.resize(start, size)
                || (self.grow(start.saturating_add(size)) && self.batch.resize(start, size));
            return if fits { block } else { core::ptr::null_mut() };
        }
        if is_kept && self.kept.is_newest(start, layout.size()) && self.kept.resize(start, size) {
            return block;
        }
        // SAFETY: the new block does not overlap the old one, and both are as long as copied.
        unsafe {
            let layout_now = Layout::from_size_align_unchecked(size, layout.align());
            // What lasts goes on to last, whoever lets it grow.
            let copy =
                if is_kept { lasting(|| self.alloc(layout_now)) } else { self.alloc(layout_now) };
            if !copy.is_null() {
                core::ptr::copy_nonoverlapping(block, copy, layout.size().min(size));
            }
            copy
        }
    }
}

impl Arena {
    /// A block for the running batch.
    fn of_batch(&self, size: usize, align: usize) -> Option<usize> {
        if self.batch.end() == 0 {
            // The first allocation starts behind the module's own data and stack.
            let behind = memory_size(0) * PAGE_BYTES;
            self.batch.lie(behind, behind);
        }
        if let Some(block) = self.batch.take(size, align) {
            return Some(block);
        }
        let after = self.batch.next().checked_add(align)?.checked_add(size)?;
        if !self.grow(after) {
            return None;
        }
        self.batch.take(size, align)
    }

    /// Makes room up to `after`.
    fn grow(&self, after: usize) -> bool {
        let need = (after - self.batch.end()).div_ceil(PAGE_BYTES);
        let pages = need.max(GROW_PAGES);
        if memory_grow(0, pages) == usize::MAX && memory_grow(0, need) == usize::MAX {
            return false;
        }
        self.batch.extend(memory_size(0) * PAGE_BYTES);
        true
    }
}

/// Where the host puts what it hands over. The first call after an answer begins a new batch; an
/// ordinary allocation cannot tell, since the answer itself is laid out after the plugin returned.
///
/// # Safety
/// As the component model says: `old` is a block of `old_len` bytes, or nothing.
#[unsafe(export_name = "cabi_realloc")]
unsafe extern "C" fn cabi_realloc(
    old: *mut u8,
    old_len: usize,
    align: usize,
    new_len: usize,
) -> *mut u8 {
    if ARENA.answered.replace(false) {
        ARENA.batch.start_over();
    }
    if new_len == 0 {
        return align as *mut u8;
    }
    // SAFETY: the host passes a power of two, and a block that this function gave it.
    let block = unsafe {
        if old_len == 0 {
            ARENA.alloc(Layout::from_size_align_unchecked(new_len, align))
        } else {
            ARENA.realloc(old, Layout::from_size_align_unchecked(old_len, align), new_len)
        }
    };
    if block.is_null() {
        core::arch::wasm32::unreachable();
    }
    block
}
