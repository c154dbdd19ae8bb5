// An observer of layer outputs, without passing through every signature. What a step tells its
// layers stands in attention/context.hpp.
#pragma once

#include <torch/types.h>

#include <functional>
#include <string>

namespace regard::nn {

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
