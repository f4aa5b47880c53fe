//! Memory of a plugin: a pointer that is bumped during a batch and set back after it.
//!
//! A plugin keeps nothing between batches but its parameters, so there is nothing to free: what
//! `configure` allocated stays, everything later is forgotten when the next batch arrives. This
//! saves most of the cost of allocation, which weighs more in WebAssembly than natively.
//! It also means that a `static` filled during a batch would dangle: a fold has none.
#![expect(unsafe_code, reason = "a global allocator cannot be written without")]

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32::{memory_grow, memory_size};
use core::cell::Cell;

const PAGE_BYTES: usize = 64 * 1024;
/// Pages asked for at once: growing is a call into the host.
const GROW_PAGES: usize = 16;

/// See the module.
pub(crate) struct Arena {
    next: Cell<usize>,
    end: Cell<usize>,
    /// Where a batch starts; 0 until parameters are configured.
    mark: Cell<usize>,
    /// Set when a batch has answered: the next allocation belongs to a new batch.
    answered: Cell<bool>,
}

// SAFETY: a component instance runs on one thread at a time, and this module has no threads.
unsafe impl Sync for Arena {}

#[global_allocator]
static ARENA: Arena =
    Arena { next: Cell::new(0), end: Cell::new(0), mark: Cell::new(0), answered: Cell::new(false) };

/// What is allocated so far stays for the life of the instance.
pub(crate) fn keep() {
    ARENA.mark.set(ARENA.next.get());
}

/// What was allocated since [`keep`] is forgotten at the next allocation.
pub(crate) fn forget() {
    ARENA.answered.set(ARENA.mark.get() != 0);
}

// SAFETY: blocks lie between `next` and `end`, are aligned as asked and never overlap until the
// batch that used them has been answered.
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if self.next.get() == 0 {
            // The first allocation starts behind the module's own data and stack.
            let behind = memory_size(0) * PAGE_BYTES;
            self.next.set(behind);
            self.end.set(behind);
        }
        let start = (self.next.get() + layout.align() - 1) & !(layout.align() - 1);
        let Some(after) = start.checked_add(layout.size()) else {
            return core::ptr::null_mut();
        };
        if after > self.end.get() && !self.grow(after) {
            return core::ptr::null_mut();
        }
        self.next.set(after);
        start as *mut u8
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // Only the newest block can be given back.
        if block as usize + layout.size() == self.next.get() {
            self.next.set(block as usize);
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let start = block as usize;
        if start + layout.size() == self.next.get() {
            let after = start + size;
            if after <= self.end.get() || self.grow(after) {
                self.next.set(after);
                return block;
            }
            return core::ptr::null_mut();
        }
        // SAFETY: the new block does not overlap the old one, and both are as long as copied.
        unsafe {
            let copy = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !copy.is_null() {
                core::ptr::copy_nonoverlapping(block, copy, layout.size().min(size));
            }
            copy
        }
    }
}

impl Arena {
    /// Makes room up to `after`.
    fn grow(&self, after: usize) -> bool {
        let need = (after - self.end.get()).div_ceil(PAGE_BYTES);
        let pages = need.max(GROW_PAGES);
        if memory_grow(0, pages) == usize::MAX && memory_grow(0, need) == usize::MAX {
            return false;
        }
        self.end.set(memory_size(0) * PAGE_BYTES);
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
        ARENA.next.set(ARENA.mark.get());
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
