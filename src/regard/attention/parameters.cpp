#include "regard/attention/parameters.hpp"

#include <ATen/ops/empty.h>

#include <cmath>
#include <map>
#include <memory>
#include <numeric>

namespace regard::attention {
using torch::Tensor;

namespace {

void fill(Tensor& parameter, Start start) {
  const torch::NoGradGuard guard;
  if (start == Start::kOnes) {
    parameter.fill_(1);
  } else if (start == Start::kIdentity) {
    parameter.zero_();
    parameter.diagonal(0, -2, -1).fill_(1);
  } else if (start == Start::kZeros || parameter.dim() < 2) {
    parameter.zero_();
  } else {
    const double bound = 1 / std::sqrt(static_cast<double>(parameter.size(-1)));
    parameter.uniform_(-bound, bound);
  }
}

// The part of a dotted name before the dot, as a module.
struct Branch : torch::nn::Module {
  Tensor add(const std::string& name, const Tensor& value) {
    return register_parameter(name, value);
  }
};

}  // namespace

int64_t count_parameters(const std::vector<ParameterSpec>& specs) {
  int64_t count = 0;
  for (const auto& spec : specs) {
    count += std::accumulate(spec.shape.begin(), spec.shape.end(), int64_t{1}, std::multiplies<>());
  }
  return count;
}

ParameterModule::ParameterModule(std::vector<ParameterSpec> specs) : specs_(std::move(specs)) {
  std::map<std::string, std::shared_ptr<Branch>> branches;
  for (const auto& spec : specs_) {
    auto value = at::empty(spec.shape);
    fill(value, spec.start);
    const auto dot = spec.name.find('.');
    if (dot == std::string::npos) {
      values_.push_back(register_parameter(spec.name, value));
      continue;
    }
    auto& branch = branches[spec.name.substr(0, dot)];
    if (!branch) branch = register_module(spec.name.substr(0, dot), std::make_shared<Branch>());
    values_.push_back(branch->add(spec.name.substr(dot + 1), value));
  }
}

void ParameterModule::start_constants() {
  for (std::size_t i = 0; i < values_.size(); ++i) {
    if (specs_[i].start != Start::kModel) fill(values_[i], specs_[i].start);
  }
}

}  // namespace regard::attention
