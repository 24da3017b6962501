/// File descriptors that connections leave alone.
#pragma once

namespace muster::broker {

/// The last descriptors are the store's: it opens a file whenever a log is full, and cannot go on
/// if it may not. True: this one, just opened, is among them; close it. Any thread.
[[nodiscard]] bool is_the_stores(int descriptor);

}  // namespace muster::broker
