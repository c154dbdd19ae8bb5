#include "regard/lab/health.hpp"

#include "regard/base/text.hpp"
#include "regard/data/readers/subwords.hpp"
#include "regard/kernels/cpu/targets.hpp"
#include "regard/kernels/cuda/built.hpp"
#include "regard/lab/machine.hpp"
#include "regard/report/plotly.hpp"

namespace regard::lab {

run::Facts health(const std::string& battery) {
  const auto why = why_no_gpu();
  auto rows = environment(torch::kCPU);
  rows.emplace_back("SIMD targets", join(kernels::cpu::supported_targets(), ", "));
  for (auto& [key, value] : rows) {
    if (key == "GPU") value = why.empty() ? device_name(choose_device("cuda")) : "no: " + why;
    if (key == "allocator" && value == "C library")
      value +=
          "; large steps on CPUs are faster with tcmalloc; mend: `apt-get install "
          "libgoogle-perftools-dev`, then build again";
  }
  rows.emplace_back("CUDA kernels", kernels::cuda::built()
                                        ? "compiled"
                                        : "not compiled; mend: install nvcc, then `make cuda`");
  rows.emplace_back("battery", battery);
  rows.emplace_back("subwords", data::learns_subwords()
                                    ? "yes (SentencePiece)"
                                    : "no SentencePiece; mend: `apt-get install "
                                      "libsentencepiece-dev`, then build again");
  const bool plotly = !report::find_plotly().code.empty();
  rows.emplace_back("figures in reports",
                    plotly ? "yes" : "no Plotly bundle; mend: `.venv/bin/pip install plotly`");
  return rows;
}

}  // namespace regard::lab
