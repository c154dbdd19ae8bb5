// What a step tells every layer without passing through every signature: the counter of random numbers,
// and an observer of layer outputs.
#pragma once

#include <torch/types.h>

#include <functional>
#include <string>

namespace regard::nn {

/// Keys dropout by (seed, step, site): the same numbers with graph capture, recomputation and any thread
/// count. `step` is an int64 scalar on the device of the model, so that a captured step can advance it.
struct RandomContext {
  int64_t seed = 0;
  torch::Tensor step;
};

/// Makes `context` the one that dropout of this thread reads, until the scope ends.
class RandomScope {
 public:
  explicit RandomScope(const RandomContext& context);
  ~RandomScope();
  RandomScope(const RandomScope&) = delete;
  RandomScope& operator=(const RandomScope&) = delete;

 private:
  const RandomContext* before_;
};

/// The context in force, or nullptr.
const RandomContext* random_context();

/// Called with the full name of a layer ("blocks.0.attention") and its output.
using Observer = std::function<void(const std::string& layer, const torch::Tensor& output)>;

/// Makes `observer` see every layer output of this thread until the scope ends.
class ObserverScope {
 public:
  explicit ObserverScope(Observer observer);
  ~ObserverScope();
  ObserverScope(const ObserverScope&) = delete;
  ObserverScope& operator=(const ObserverScope&) = delete;

 private:
  Observer before_;
};

/// Prefixes the names of layers observed inside its lifetime.
class LayerScope {
 public:
  explicit LayerScope(const std::string& name);
  ~LayerScope();
  LayerScope(const LayerScope&) = delete;
  LayerScope& operator=(const LayerScope&) = delete;

 private:
  std::size_t length_before_;
};

/// Whether an observer is in force: for outputs that nobody else needs.
bool observed();

/// Reports `output` under `name` inside the current LayerScopes; free of cost without an observer.
void observe(const char* name, const torch::Tensor& output);

}  // namespace regard::nn
