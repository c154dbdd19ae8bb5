#include "regard/docgraph/lsa_basis.hpp"

#include "regard/base/error.hpp"
#include "regard/docgraph/lsa.hpp"

#if REGARD_SPECTRA
#include <Spectra/SymEigsSolver.h>
#include <Eigen/Dense>
#include <Eigen/Sparse>
#endif

namespace regard::docgraph {

#if REGARD_SPECTRA

bool has_spectra() { return true; }

namespace {
using Rows = Eigen::SparseMatrix<double, Eigen::RowMajor>;

Rows eigen_of(const SparseMatrix& x) {
  Rows rows(static_cast<Eigen::Index>(x.ends.size()), x.columns);
  rows.reserve(static_cast<Eigen::Index>(x.value.size()));
  std::size_t at = 0;
  for (std::size_t i = 0; i < x.ends.size(); ++i) {
    rows.startVec(static_cast<Eigen::Index>(i));
    for (; at < x.ends[i]; ++at)
      rows.insertBack(static_cast<Eigen::Index>(i), x.column[at]) = x.value[at];
  }
  rows.finalize();
  return rows;
}

/// y = X^T X v, as Spectra asks for it.
class Gram {
 public:
  using Scalar = double;
  explicit Gram(const Rows& x) : x_(x) {}
  Eigen::Index rows() const { return x_.cols(); }
  Eigen::Index cols() const { return x_.cols(); }
  void perform_op(const double* in, double* out) const {
    const Eigen::Map<const Eigen::VectorXd> v(in, x_.cols());
    Eigen::Map<Eigen::VectorXd> y(out, x_.cols());
    inner_.noalias() = x_ * v;
    y.noalias() = x_.transpose() * inner_;
  }

 private:
  const Rows& x_;
  mutable Eigen::VectorXd inner_;
};

struct Eigenpairs {
  Eigen::VectorXd values;  // largest first
  Eigen::MatrixXd vectors;
};

/// All of them, for a matrix too small for an iteration.
Eigenpairs dense_pairs(const Rows& x) {
  const Eigen::MatrixXd gram = Eigen::MatrixXd(x.transpose() * x);
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(gram);
  return {solver.eigenvalues().reverse(), solver.eigenvectors().rowwise().reverse()};
}

Eigenpairs iterated_pairs(const Rows& x, int64_t count) {
  Gram gram(x);
  const auto basis = std::min<int64_t>(x.cols(), std::max<int64_t>(2 * count, 20));
  Spectra::SymEigsSolver<Gram> solver(gram, count, basis);
  solver.init();
  solver.compute(Spectra::SortRule::LargestAlge, 1000, 1e-10, Spectra::SortRule::LargestAlge);
  if (solver.info() != Spectra::CompInfo::Successful)
    throw RunError("lsa: the eigenvectors did not converge in 1000 restarts");
  return {solver.eigenvalues(), solver.eigenvectors()};
}

}  // namespace

Basis right_singular_vectors(const SparseMatrix& x, int64_t most) {
  const auto rows = eigen_of(x);
  const auto count = std::min<int64_t>(most, x.columns);
  const bool small = count + 1 >= x.columns;
  const auto pairs = small ? dense_pairs(rows) : iterated_pairs(rows, count);
  Basis basis;
  for (Eigen::Index c = 0; c < std::min<Eigen::Index>(pairs.values.size(), count); ++c) {
    if (!(pairs.values[c] > 1e-16 * pairs.values[0]) || pairs.values[c] <= 0) break;
    const Eigen::VectorXd v = pairs.vectors.col(c);
    Eigen::Index largest = 0;
    v.cwiseAbs().maxCoeff(&largest);
    const double sign = v[largest] < 0 ? -1 : 1;
    for (Eigen::Index w = 0; w < v.size(); ++w) basis.values.push_back(sign * v[w]);
    ++basis.rank;
  }
  return basis;
}

#else

bool has_spectra() { return false; }

Basis right_singular_vectors(const SparseMatrix&, int64_t) {
  throw InputError(std::string("lsa: ") + kNoSpectra);
}

#endif

}  // namespace regard::docgraph
