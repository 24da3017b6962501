/// Takes images of shards, and makes shards of them.
#pragma once

#include "parts.hpp"

#include <muster/core/image.hpp>

namespace muster::core {

/// Drops the caches of large groups: they hold how a target came about, which an image does not
/// keep, and the shard must go on just as one that is restored.
[[nodiscard]] Image image_of(Parts& parts);

/// `parts` is fresh, of the same limits. Errors: store_corrupt if the image is no image of this
/// build; `parts` is then good for nothing.
[[nodiscard]] Result<void> restore(Parts& parts, const Image& image);

}  // namespace muster::core
