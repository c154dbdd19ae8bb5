#include "regard/theory/markov/fit.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <thread>

#include "regard/theory/markov/derivatives.hpp"

namespace regard::markov {
namespace {

using Vector = Eigen::VectorXd;
using Matrix = Eigen::MatrixXd;

/// One tied group as a problem of its own: tokens renumbered 0 .. n - 1, and the prompts whose
/// choice lies in it.
struct Problem {
  std::vector<int32_t> tokens;
  std::vector<Group> groups;
  double prompts = 0;
};

/// The law of a group at weights v = exp(w).
void law(const Group& group, const Vector& v, std::vector<double>& p) {
  p.resize(group.tokens.size());
  double total = 0;
  for (std::size_t a = 0; a < p.size(); ++a) total += p[a] = group.counts[a] * v[group.tokens[a]];
  for (auto& value : p) value /= total;
}

/// Sum of losses, with the ridge.
double total_loss(const std::vector<Group>& groups, const Vector& w, double ridge) {
  const Vector v = w.array().exp();
  std::vector<double> p;
  double loss = 0.5 * ridge * w.squaredNorm();
  for (const auto& group : groups) {
    law(group, v, p);
    for (std::size_t a = 0; a < p.size(); ++a) {
      if (group.chosen[a] > 0) loss -= group.chosen[a] * std::log(p[a]);
    }
  }
  return loss;
}

Vector total_gradient(const std::vector<Group>& groups, const Vector& w, double ridge) {
  const Vector v = w.array().exp();
  std::vector<double> p;
  Vector g = ridge * w;
  for (const auto& group : groups) {
    law(group, v, p);
    for (std::size_t a = 0; a < p.size(); ++a)
      g[group.tokens[a]] += group.prompts * p[a] - group.chosen[a];
  }
  return g;
}

Matrix total_hessian(const std::vector<Group>& groups, const Vector& w, double ridge) {
  const Vector v = w.array().exp();
  std::vector<double> p;
  Matrix h = ridge * Matrix::Identity(w.size(), w.size());
  for (const auto& group : groups) {
    law(group, v, p);
    for (std::size_t a = 0; a < p.size(); ++a) {
      const auto i = group.tokens[a];
      h(i, i) += group.prompts * p[a];
      for (std::size_t b = 0; b < p.size(); ++b)
        h(i, group.tokens[b]) -= group.prompts * p[a] * p[b];
    }
  }
  return h;
}

void centre(Vector& w) { w.array() -= w.mean(); }

/// Newton steps, halved until the loss falls; the Laplacian is grounded by 11'/n, which leaves the
/// step as it is.
int64_t newton(const Problem& problem, Vector& w, const FitSpec& spec) {
  const auto n = static_cast<double>(w.size());
  double loss = total_loss(problem.groups, w, spec.ridge);
  for (int64_t s = 0; s < spec.most_steps; ++s) {
    const Vector g = total_gradient(problem.groups, w, spec.ridge);
    if (g.cwiseAbs().maxCoeff() <= spec.tolerance * problem.prompts) return s;
    Matrix h = total_hessian(problem.groups, w, spec.ridge);
    h.array() += h.trace() / (n * n);
    const Vector step = h.ldlt().solve(g);
    double size = 1;
    while (true) {
      Vector next = w - size * step;
      const double then = total_loss(problem.groups, next, spec.ridge);
      // Near the end the loss is the same to the last digits, and the full step is right.
      if (then <= loss + 1e-13 * std::abs(loss) || size < 1e-10) {
        w = next;
        loss = then;
        break;
      }
      size /= 2;
    }
    centre(w);
    if (size < 1e-10) return s + 1;  // rounding alone is left
  }
  return spec.most_steps;
}

/// pi_j <- (#y = j) / sum_s m_j / sum_l m_l pi_l (Hunter, 2004): the loss never rises.
int64_t majorise(const Problem& problem, Vector& w, const FitSpec& spec) {
  Vector chosen = Vector::Zero(w.size());
  for (const auto& group : problem.groups) {
    for (std::size_t a = 0; a < group.tokens.size(); ++a)
      chosen[group.tokens[a]] += group.chosen[a];
  }
  Vector v = w.array().exp();
  for (int64_t s = 0; s < spec.most_steps; ++s) {
    Vector weight = Vector::Zero(w.size());
    for (const auto& group : problem.groups) {
      double total = 0;
      for (std::size_t a = 0; a < group.tokens.size(); ++a)
        total += group.counts[a] * v[group.tokens[a]];
      for (std::size_t a = 0; a < group.tokens.size(); ++a)
        weight[group.tokens[a]] += group.prompts * group.counts[a] / total;
    }
    // chosen - weight v is the gradient, with its sign turned.
    const double gradient = (chosen - weight.cwiseProduct(v)).cwiseAbs().maxCoeff();
    if (gradient <= spec.tolerance * problem.prompts) {
      w = v.array().log();
      centre(w);
      return s;
    }
    v = chosen.cwiseQuotient(weight);
    v /= std::exp(v.array().log().mean());
  }
  w = v.array().log();
  centre(w);
  return spec.most_steps;
}

/// Full-batch descent with step 1 / L, L = 1/2 the largest curvature of a softmax.
int64_t descend(const Problem& problem, Vector& w, const FitSpec& spec) {
  const double rate = 1 / (0.5 * problem.prompts + spec.ridge);
  for (int64_t s = 0; s < spec.most_steps; ++s) {
    const Vector g = total_gradient(problem.groups, w, spec.ridge);
    if (g.cwiseAbs().maxCoeff() <= spec.tolerance * problem.prompts) return s;
    w -= rate * g;
  }
  return spec.most_steps;
}

/// The tied groups as problems. A prompt whose choice lies in one weighs the others as nothing, the
/// limit of the fit.
std::vector<Problem> problems_of(const std::vector<Group>& groups,
                                 const std::vector<int32_t>& tied) {
  std::vector<Problem> problems;
  std::vector<int32_t> place(tied.size(), -1);
  for (std::size_t i = 0; i < tied.size(); ++i) {
    if (tied[i] < 0) continue;
    const auto t = static_cast<std::size_t>(tied[i]);
    if (problems.size() <= t) problems.resize(t + 1);
    place[i] = static_cast<int32_t>(problems[t].tokens.size());
    problems[t].tokens.push_back(static_cast<int32_t>(i));
  }
  for (const auto& group : groups) {
    std::size_t first = 0;
    while (group.chosen[first] == 0) ++first;
    const auto t = tied[static_cast<std::size_t>(group.tokens[first])];
    Group part;
    for (std::size_t a = 0; a < group.tokens.size(); ++a) {
      const auto token = static_cast<std::size_t>(group.tokens[a]);
      if (tied[token] != t) continue;
      part.tokens.push_back(place[token]);
      part.counts.push_back(group.counts[a]);
      part.chosen.push_back(group.chosen[a]);
    }
    part.prompts = group.prompts;
    auto& problem = problems[static_cast<std::size_t>(t)];
    problem.prompts += part.prompts;
    problem.groups.push_back(std::move(part));
  }
  return problems;
}

int64_t solve(const Problem& problem, Vector& w, const FitSpec& spec) {
  if (w.size() < 2 || problem.groups.empty()) return 0;
  // A ridge has no place in the update of MM: Newton solves what it changes.
  if (spec.method == Method::kMm && spec.ridge == 0) return majorise(problem, w, spec);
  if (spec.method == Method::kGradient) return descend(problem, w, spec);
  return newton(problem, w, spec);
}

void solve_problem(const Problem& problem, const FitSpec& spec, ColumnFit& fit) {
  const auto n = static_cast<int64_t>(problem.tokens.size());
  Vector w = Vector::Zero(n);
  fit.steps = std::max(fit.steps, solve(problem, w, spec));
  centre(w);
  Matrix covariance = Matrix::Zero(n, n);
  if (n > 1 && !problem.groups.empty()) {
    Matrix h = total_hessian(problem.groups, w, spec.ridge);
    const double ground = h.trace() / static_cast<double>(n);
    h.array() += ground / static_cast<double>(n);
    covariance = h.ldlt().solve(Matrix::Identity(n, n));
    covariance.array() -=
        1 / (ground * static_cast<double>(n));  // the grounded direction is not estimated
    fit.gradient =
        std::max(fit.gradient, total_gradient(problem.groups, w, spec.ridge).cwiseAbs().maxCoeff() /
                                   problem.prompts);
    fit.loss += total_loss(problem.groups, w, 0);
    fit.trace += covariance.trace();
  }
  const Vector share = w.array().exp() / w.array().exp().sum();
  const Vector along = covariance * share;
  for (int64_t i = 0; i < n; ++i) {
    const auto token = static_cast<std::size_t>(problem.tokens[static_cast<std::size_t>(i)]);
    fit.w[token] = w[i];
    fit.share[token] = share[i];
    // log share_i moves with w_i less the mean of w under the shares.
    const double variance = covariance(i, i) - 2 * along[i] + share.dot(along);
    fit.share_error[token] = std::sqrt(std::max(0.0, variance));
    fit.error[token] = std::sqrt(std::max(0.0, covariance(i, i)));
  }
}

/// Pseudo-choices: a prompt in which every token that occurs stands once.
std::vector<Group> with_pseudo(const std::vector<Group>& groups, int64_t tokens, double pseudo) {
  auto all = groups;
  const auto there = cooccurrence(groups, tokens);
  Group group;
  for (int32_t i = 0; i < tokens; ++i) {
    if (there[static_cast<std::size_t>(i)] < 0) continue;
    group.tokens.push_back(i);
    group.counts.push_back(1);
    group.chosen.push_back(pseudo);
  }
  group.prompts = pseudo * static_cast<double>(group.tokens.size());
  if (group.prompts > 0) all.push_back(std::move(group));
  return all;
}

double fiedler_of(const std::vector<Group>& groups, const ColumnFit& fit) {
  Vector w(static_cast<int64_t>(fit.w.size()));
  std::vector<int64_t> there;
  for (std::size_t i = 0; i < fit.w.size(); ++i) {
    w[static_cast<int64_t>(i)] = std::isfinite(fit.w[i]) ? fit.w[i] : 0;
    if (fit.component[i] >= 0) there.push_back(static_cast<int64_t>(i));
  }
  const auto n = static_cast<int64_t>(there.size());
  if (n < 2) return 0;
  const Matrix all = total_hessian(groups, w, 0) / fit.prompts;
  Matrix h(n, n);
  for (int64_t a = 0; a < n; ++a) {
    for (int64_t b = 0; b < n; ++b)
      h(a, b) = all(there[static_cast<std::size_t>(a)], there[static_cast<std::size_t>(b)]);
  }
  const auto values =
      Eigen::SelfAdjointEigenSolver<Matrix>(h, Eigen::EigenvaluesOnly).eigenvalues();
  return std::max(0.0, values[1]);
}

}  // namespace

ColumnFit fit_column(const std::vector<Group>& given, int64_t tokens, const FitSpec& spec) {
  const auto groups = spec.pseudo > 0 ? with_pseudo(given, tokens, spec.pseudo) : given;
  ColumnFit fit;
  const auto n = static_cast<std::size_t>(tokens);
  fit.component = cooccurrence(given, tokens);
  // A ridge holds every weight, so all ratios within a component are finite.
  fit.tied = spec.ridge > 0 ? fit.component : comparable(groups, tokens);
  fit.w.assign(n, std::numeric_limits<double>::quiet_NaN());
  fit.error = fit.share = fit.share_error = fit.w;
  for (const auto& group : given) fit.prompts += group.prompts;
  int32_t most = -1;
  for (const auto c : fit.component) {
    most = std::max(most, c);
    fit.components += c < 0;
  }
  fit.components += most + 1;
  for (const auto& problem : problems_of(groups, fit.tied)) solve_problem(problem, spec, fit);
  if (fit.prompts > 0) {
    fit.loss /= fit.prompts;
    fit.fiedler = most > 0 ? 0 : fiedler_of(given, fit);
  }
  return fit;
}

std::vector<ColumnFit> fit_columns(const PromptSet& prompts, const FitSpec& spec, int64_t threads) {
  std::vector<ColumnFit> fits(prompts.columns.size());
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t k; (k = next++) < fits.size();)
      fits[k] = fit_column(prompts.columns[k], prompts.tokens, spec);
  };
  std::vector<std::thread> others;
  for (int64_t t = 1; t < threads; ++t) others.emplace_back(work);
  work();
  for (auto& thread : others) thread.join();
  return fits;
}

Derivatives derivatives(const std::vector<Group>& groups, const Vector& w) {
  double prompts = 0;
  for (const auto& group : groups) prompts += group.prompts;
  return {total_loss(groups, w, 0) / prompts, total_gradient(groups, w, 0) / prompts,
          total_hessian(groups, w, 0) / prompts};
}

std::vector<double> hessian_spectrum(const std::vector<Group>& groups, const Vector& w) {
  const auto h = derivatives(groups, w).hessian;
  const Vector values =
      Eigen::SelfAdjointEigenSolver<Matrix>(h, Eigen::EigenvaluesOnly).eigenvalues();
  return {values.data(), values.data() + values.size()};
}

double pseudo_inverse_trace(const Matrix& h) {
  const Vector values =
      Eigen::SelfAdjointEigenSolver<Matrix>(h, Eigen::EigenvaluesOnly).eigenvalues();
  const double least = 1e-12 * values.cwiseAbs().maxCoeff();
  double trace = 0;
  for (const double value : values) trace += value > least ? 1 / value : 0;
  return trace;
}

}  // namespace regard::markov
