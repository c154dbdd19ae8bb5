// The mean of the weights of the last checkpoints of a run (Vaswani et al. 2017, section 6.1).
#pragma once

#include <cstdint>
#include <filesystem>

namespace regard::train {

/// Writes average.safetensors in the run's folder: the mean of the weights of its newest `count`
/// files step-<step>.safetensors, with the metadata of the newest. Of weights that are averaged
/// already ("ema.") these. Returns how many there were; nothing is written for none.
int64_t average_checkpoints(const std::filesystem::path& folder, int64_t count);

}  // namespace regard::train
