#include "regard/attention/context.hpp"

#include <algorithm>
#include <sstream>

#include "regard/base/error.hpp"

namespace regard::attention {
namespace {
thread_local const RandomContext* current_random = nullptr;
thread_local LossScope* current_losses = nullptr;
thread_local const NamedScalars* current_scalars = nullptr;
thread_local BatchScope* current_batch = nullptr;

template <class List>
auto find(List& list, const std::string& name) {
  return std::find_if(list.begin(), list.end(), [&](const auto& e) { return e.first == name; });
}
}  // namespace

RandomScope::RandomScope(const RandomContext& context)
    : before_(std::exchange(current_random, &context)) {}
RandomScope::~RandomScope() { current_random = before_; }
const RandomContext* random_context() { return current_random; }

LossScope::LossScope() : before_(std::exchange(current_losses, this)) {}
LossScope::~LossScope() { current_losses = before_; }

void LossScope::add(const std::string& name, const torch::Tensor& loss) {
  if (!loss.defined() || loss.dim() != 0) {
    std::ostringstream shape;
    if (loss.defined()) shape << "shape " << loss.sizes();
    throw RunError("auxiliary loss \"" + name + "\": a scalar was expected, and " +
                   (loss.defined() ? shape.str() : "no tensor") + " came");
  }
  const auto found = find(losses_, name);
  if (found == losses_.end()) {
    losses_.emplace_back(name, loss);
  } else {
    found->second = found->second + loss;
  }
}

void LossScope::give_feedback(const torch::Tensor& losses) {
  const auto given = losses.detach();
  for (const auto& [name, loss] : std::exchange(waiting_, {})) add(name, loss(given));
}

const NamedScalars& LossScope::losses() const {
  if (wants_feedback()) {
    throw RunError("auxiliary loss \"" + waiting_[0].first +
                   "\": it waits for the loss of each example, and none was given");
  }
  return losses_;
}

bool collects_losses() { return current_losses != nullptr; }

void add_loss(const std::string& name, const torch::Tensor& loss) {
  if (current_losses != nullptr) current_losses->add(name, loss);
}

void add_loss(const std::string& name, FeedbackLoss loss) {
  if (current_losses != nullptr) current_losses->waiting_.emplace_back(name, std::move(loss));
}

ScalarScope::ScalarScope(const NamedScalars& scalars)
    : before_(std::exchange(current_scalars, &scalars)) {}
ScalarScope::~ScalarScope() { current_scalars = before_; }

const torch::Tensor* step_scalar(const std::string& name) {
  if (current_scalars == nullptr) return nullptr;
  const auto found = find(*current_scalars, name);
  return found == current_scalars->end() ? nullptr : &found->second;
}

BatchScope::BatchScope(EdgeTensors edges)
    : edges_(std::move(edges)), before_(std::exchange(current_batch, this)) {}
BatchScope::~BatchScope() { current_batch = before_; }

const EdgeTensors& batch_edges() {
  static const EdgeTensors none;
  return current_batch == nullptr ? none : current_batch->edges_;
}

EdgeTensors* edges_left(const std::string& name) {
  return current_batch == nullptr ? nullptr : &current_batch->left_[name];
}

EdgeCounts& edge_counts() {
  thread_local EdgeCounts counts;
  return counts;
}

EdgeCounts take_edge_counts() { return std::exchange(edge_counts(), {}); }

}  // namespace regard::attention
