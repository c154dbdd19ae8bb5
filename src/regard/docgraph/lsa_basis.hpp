// Leading right singular vectors of a sparse matrix, as eigenvectors of X^T X by Spectra.
#pragma once

#include <cstdint>
#include <vector>

namespace regard::docgraph {

/// Compressed rows: those of row i end at ends[i].
struct SparseMatrix {
  int64_t columns = 0;
  std::vector<std::size_t> ends;
  std::vector<int32_t> column;
  std::vector<double> value;
};

struct Basis {
  int64_t rank = 0;  // at most what was asked for; singular values above 1e-8 of the largest
  std::vector<double> values;  // (rank, columns), the largest singular value first
};

/// RunError where the iteration does not converge; InputError without Spectra.
Basis right_singular_vectors(const SparseMatrix& x, int64_t most);

}  // namespace regard::docgraph
