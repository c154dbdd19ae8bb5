#include "regard/theory/markov/law.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "regard/base/distributions.hpp"
#include "regard/base/error.hpp"

namespace regard::markov {
namespace {

using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

std::vector<double> values(const RowMatrix& m) { return {m.data(), m.data() + m.size()}; }
Eigen::Map<const RowMatrix> view(const std::vector<double>& v, int64_t rows, int64_t columns) {
  return {v.data(), rows, columns};
}

}  // namespace

double Positions::at(int64_t index, int64_t length) const {
  double weight = 1;
  if (!by_distance.empty()) {
    const auto back = static_cast<std::size_t>(length - 1 - index);
    weight = back < by_distance.size() ? by_distance[back] : 0;
  }
  const auto place = static_cast<std::size_t>(index);
  return place < by_index.size() ? weight * by_index[place] : weight;
}

std::vector<double> masses(std::span<const int32_t> prompt, int64_t tokens,
                           const Positions& positions) {
  std::vector<double> mass(static_cast<std::size_t>(tokens));
  double total = 0;
  const auto length = static_cast<int64_t>(prompt.size());
  for (int64_t l = 0; l < length; ++l) {
    const double weight = positions.at(l, length);
    mass[static_cast<std::size_t>(prompt[static_cast<std::size_t>(l)])] += weight;
    total += weight;
  }
  if (!(total > 0)) throw InputError("prompt: the weights of its positions are all 0");
  for (auto& m : mass) m /= total;
  return mass;
}

std::vector<double> conditioned(const Chain& chain, std::span<const double> mass, int32_t query) {
  const auto* column = chain.column(query);
  std::vector<double> law(mass.size());
  double total = 0;
  for (std::size_t i = 0; i < mass.size(); ++i) total += law[i] = mass[i] * column[i];
  for (auto& value : law) value /= total;
  return law;
}

std::vector<double> weights_of(const Chain& chain) {
  std::vector<double> w(chain.p.size());
  const auto k = static_cast<std::size_t>(chain.tokens);
  for (std::size_t q = 0; q < k; ++q) {
    double mean = 0;
    for (std::size_t i = 0; i < k; ++i) mean += w[q * k + i] = std::log(chain.p[q * k + i]);
    mean /= static_cast<double>(k);
    for (std::size_t i = 0; i < k; ++i) w[q * k + i] -= mean;
  }
  return w;
}

Chain chain_of(std::span<const double> weights, int64_t tokens) {
  Chain chain{tokens, std::vector<double>(weights.begin(), weights.end()), {}};
  const auto k = static_cast<std::size_t>(tokens);
  for (std::size_t q = 0; q < k; ++q) {
    auto* column = chain.p.data() + q * k;
    const double most = *std::max_element(column, column + k);
    double total = 0;
    for (std::size_t i = 0; i < k; ++i) total += column[i] = std::exp(column[i] - most);
    for (std::size_t i = 0; i < k; ++i) column[i] /= total;
  }
  return chain;
}

Embedded embed(const Chain& chain, int64_t width, uint64_t seed) {
  const auto k = chain.tokens;
  if (width < k) {
    throw InputError("chain: embeddings of width " + std::to_string(k) +
                     " or more are expected, so that they are independent, and " +
                     std::to_string(width) + " came");
  }
  Random random(seed, RandomStream::kChain, uint64_t{1} << 32);
  RowMatrix e(k, width);
  for (auto& value : e.reshaped()) value = normal(random) / std::sqrt(static_cast<double>(width));
  // Rows of random matrices of K = d are at times nearly dependent: the QR factor mixed with it is
  // not.
  const RowMatrix square = e.transpose();
  const Eigen::HouseholderQR<RowMatrix> qr(square);
  const RowMatrix orthogonal = qr.householderQ() * RowMatrix::Identity(width, k);
  e = 0.5 * e + orthogonal.transpose();
  const RowMatrix gram = e * e.transpose();
  const RowMatrix plus = e.transpose() * gram.inverse();  // (d, K)
  const auto log_weights = weights_of(chain);
  const RowMatrix a = view(log_weights, k, k).transpose();  // stored by columns
  return {k, width, values(e), values(plus.transpose()), values(plus * a * plus.transpose())};
}

std::vector<double> attend_plainly(std::span<const double> keys, std::span<const double> query) {
  const auto d = static_cast<int64_t>(query.size()), length = static_cast<int64_t>(keys.size()) / d;
  const Eigen::Map<const RowMatrix> x(keys.data(), length, d);
  const Eigen::Map<const Eigen::VectorXd> q(query.data(), d);
  Eigen::ArrayXd weight = (x * q).array();
  weight = (weight - weight.maxCoeff()).exp();
  const Eigen::VectorXd out = x.transpose() * (weight / weight.sum()).matrix();
  return {out.data(), out.data() + d};
}

std::vector<double> attention_law(const Embedded& model, std::span<const int32_t> prompt,
                                  int32_t query, const Attend& attend) {
  const auto d = model.width;
  const auto e = view(model.e, model.tokens, d), c = view(model.c, model.tokens, d),
             w = view(model.w, d, d);
  RowMatrix keys(static_cast<int64_t>(prompt.size()), d);
  for (std::size_t l = 0; l < prompt.size(); ++l)
    keys.row(static_cast<int64_t>(l)) = e.row(prompt[l]);
  const Eigen::VectorXd q = w * e.row(query).transpose();
  const auto out = attend({keys.data(), static_cast<std::size_t>(keys.size())},
                          {q.data(), static_cast<std::size_t>(d)});
  const Eigen::VectorXd law = c * Eigen::Map<const Eigen::VectorXd>(out.data(), d);
  return {law.data(), law.data() + model.tokens};
}

Equivalence check_equivalence(const EquivalenceSpec& spec, const Attend& attend) {
  constexpr int kBins = 8;
  const auto chain = dirichlet_chain(spec.tokens, spec.seed);
  const auto model = embed(chain, spec.width, spec.seed);
  Equivalence result{spec.prompts, 0, std::vector<int64_t>(kBins)};
  std::vector<int32_t> prompt(static_cast<std::size_t>(spec.length));
  for (int64_t s = 0; s < spec.prompts; ++s) {
    Random random(spec.seed, RandomStream::kChainPrompts, static_cast<uint64_t>(s));
    for (auto& token : prompt)
      token = static_cast<int32_t>(random.below(static_cast<uint64_t>(spec.tokens)));
    const auto law = conditioned(chain, masses(prompt, spec.tokens), prompt.back());
    const auto attention = attention_law(model, prompt, prompt.back(), attend);
    double largest = 0;
    for (std::size_t i = 0; i < law.size(); ++i)
      largest = std::max(largest, std::abs(law[i] - attention[i]));
    result.largest = std::max(result.largest, largest);
    int bin = 0;
    for (double edge = 1e-16; bin + 1 < kBins && largest >= edge; edge *= 10) ++bin;
    ++result.histogram[static_cast<std::size_t>(bin)];
  }
  return result;
}

}  // namespace regard::markov
