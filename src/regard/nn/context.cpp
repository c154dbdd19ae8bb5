#include "regard/nn/context.hpp"

#include <utility>

namespace regard::nn {
namespace {
thread_local Observer current_observer;
thread_local std::string current_layer;
}  // namespace

ObserverScope::ObserverScope(Observer observer)
    : before_(std::exchange(current_observer, std::move(observer))) {}
ObserverScope::~ObserverScope() { current_observer = std::move(before_); }

LayerScope::LayerScope(const std::string& name) : length_before_(current_layer.size()) {
  if (!current_layer.empty()) current_layer += '.';
  current_layer += name;
}
LayerScope::~LayerScope() { current_layer.resize(length_before_); }

bool observed() { return static_cast<bool>(current_observer); }

void observe(const char* name, const torch::Tensor& output) {
  if (!current_observer) return;
  const LayerScope scope(name);
  current_observer(current_layer, output);
}

}  // namespace regard::nn
