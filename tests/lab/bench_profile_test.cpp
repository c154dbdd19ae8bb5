// A profile adds up: own times of nested operators, time in which something ran, rows that make the
// total, and the trace that it was taken from.
#include "regard/lab/bench/profile.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "regard/base/error.hpp"
#include "regard/base/files.hpp"
#include "regard/lab/bench/bench.hpp"
#include "regard/lab/bench/report.hpp"

namespace regard::lab {
namespace {

// Two steps: outer calls inner twice, the second time with leaf inside; beside them a lane of its
// own.
const std::vector<Activity> kNested = {
    {"outer", 1, 0, 1000},    {"inner", 1, 100, 200},   {"inner", 1, 300, 900},
    {"leaf", 1, 400, 500},    {"other", 2, 50, 150},    {"outer", 1, 2000, 3000},
    {"inner", 1, 2100, 2200}, {"inner", 1, 2300, 2900}, {"leaf", 1, 2400, 2500},
};

const ProfileRow& row_named(const std::vector<ProfileRow>& rows, const std::string& name) {
  return *std::find_if(rows.begin(), rows.end(), [&](const auto& r) { return r.name == name; });
}

TEST(BenchProfile, TakesWhatIsInsideFromWhatIsAround) {
  const auto rows = sum_activities(kNested, 2, true);
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_NEAR(row_named(rows, "outer").seconds, 300e-9, 1e-15);
  EXPECT_NEAR(row_named(rows, "inner").seconds, 600e-9, 1e-15);
  EXPECT_NEAR(row_named(rows, "leaf").seconds, 100e-9, 1e-15);
  EXPECT_NEAR(row_named(rows, "other").seconds, 50e-9, 1e-15);
  EXPECT_DOUBLE_EQ(row_named(rows, "inner").calls, 2);
  EXPECT_DOUBLE_EQ(row_named(rows, "other").calls, 0.5);
  EXPECT_EQ(rows[0].name, "inner");
  EXPECT_EQ(rows[3].name, "other");
}

TEST(BenchProfile, KernelsKeepTheirWholeTime) {
  const auto rows = sum_activities(kNested, 2, false);
  EXPECT_NEAR(row_named(rows, "outer").seconds, 1000e-9, 1e-15);
  EXPECT_EQ(rows[0].name, "outer");
}

TEST(BenchProfile, CountsTimeInWhichSomethingRanOnce) {
  EXPECT_EQ(busy_nanoseconds(kNested), 2000);
  EXPECT_EQ(busy_nanoseconds({{"b", 2, 50, 150}, {"a", 1, 0, 100}, {"c", 1, 400, 410}}), 160);
  EXPECT_EQ(busy_nanoseconds({}), 0);
}

TEST(BenchProfile, ShortensNamesButKeepsWhatTellsThemApart) {
  EXPECT_EQ(short_name("void regard::kernels::cuda::(anonymous namespace)::bind<c10::BFloat16, "
                       "32>(regard::kernels::"
                       "cuda::HrrProblem, int)"),
            "regard::bind<BFloat16, 32>");
  EXPECT_EQ(short_name("Memcpy DtoD (Device -> Device)"), "Memcpy DtoD");
  EXPECT_EQ(short_name("aten::addmm"), "aten::addmm");
  const auto product = short_name(
      "nvjet_sm90_tst_128x256_64x4_2x1_v_bz_coopA_bias_TNN_and_a_tail_that_goes_on_and_on_for_"
      "long");
  EXPECT_EQ(product.size(), 72u);
  EXPECT_TRUE(product.starts_with("nvjet_sm90_tst_128x256_64x4_2x1"));
  EXPECT_TRUE(product.ends_with("_on_and_on_for_long"));
  EXPECT_EQ(short_name(
                "void at::native::vectorized_elementwise_kernel<4, at::native::FillFunctor<float>, "
                "std::array<char*, 1ul> >(int, at::native::FillFunctor<float>)"),
            "vectorized_elementwise_kernel<4, FillFunctor<float>, array<char*, 1ul> >");
}

TEST(BenchProfile, NamesFilesByWords) {
  EXPECT_EQ(trace_file("out/trace.json", "image-hrr-recorded"),
            "out/trace-image-hrr-recorded.json");
  EXPECT_EQ(trace_file("t.json", "demo-window(width=64)"), "t-demo-window-width-64.json");
  EXPECT_EQ(trace_file("t", "a/../b"), "t-a-..-b");
}

TEST(BenchProfile, AStepThatPyTorchRefusesBecomesANote) {
  const auto file = std::filesystem::temp_directory_path() / "regard-bench-refused.json";
  const auto refused = [] { torch::ones({2, 3}).matmul(torch::ones({2, 3})); };
  const auto profile = profile_steps(refused, torch::kCPU, 2, file);
  EXPECT_NE(profile.note.find("mat1"), std::string::npos) << profile.note;
  // The profiler was ended on the way out: another can begin.
  const auto fine = profile_steps([] { torch::ones({2, 3}).exp(); }, torch::kCPU, 2, file);
  EXPECT_EQ(fine.note, "");
  EXPECT_DOUBLE_EQ(row_named(fine.rows, "aten::exp").calls, 1);
  std::filesystem::remove(file);
}

TEST(BenchProfile, OfTrainingStepsAddsUpAndLeavesATrace) {
  if (!why_no_profiler().empty()) GTEST_SKIP() << why_no_profiler();
  const auto folder = std::filesystem::temp_directory_path() / "regard-bench-profile";
  make_directory(folder);
  BenchOptions options;
  options.test = "step";
  options.shapes = {"B2T40H32heads2layers2mlp48"};
  options.attention = {"softmax", "hrr"};
  options.device = "cpu";
  options.repeat = 2;
  options.peers = false;
  options.trace = folder / "trace.json";
  const auto report = run_bench(options, [](const std::string&) {});
  ASSERT_EQ(report.rows.size(), 2u);
  for (const auto& row : report.rows) {
    SCOPED_TRACE(row.attention);
    ASSERT_TRUE(row.profile);
    const auto& profile = *row.profile;
    EXPECT_EQ(profile.note, "");
    EXPECT_FALSE(profile.kernels);
    EXPECT_EQ(profile.steps, 10);
    EXPECT_GE(profile.span, profile.busy);
    EXPECT_GT(profile.busy, 0);
    double total = 0;
    for (const auto& r : profile.rows) {
      EXPECT_GE(r.seconds, 0);
      EXPECT_DOUBLE_EQ(r.calls, std::round(r.calls))
          << r.name << ": each step makes the same calls";
      total += r.seconds;
    }
    EXPECT_NEAR(total, profile.span, 1e-3 * profile.span);
    EXPECT_NEAR(total - row_named(profile.rows, "(outside of operators)").seconds, profile.busy,
                1e-3 * profile.busy);
    EXPECT_TRUE(std::is_sorted(profile.rows.begin(), profile.rows.end(),
                               [](const auto& a, const auto& b) { return a.seconds > b.seconds; }));
    const auto trace = nlohmann::json::parse(read_file(profile.file));
    const auto& events = trace["traceEvents"];
    const auto products = std::count_if(events.begin(), events.end(), [](const auto& e) {
      return e.value("name", "") == "aten::addmm" && e.value("cat", "") == "cpu_op";
    });
    EXPECT_GT(products, 0);
    EXPECT_DOUBLE_EQ(static_cast<double>(products) / 10,
                     row_named(profile.rows, "aten::addmm").calls);
  }
  EXPECT_NE(report.rows[0].profile->file, report.rows[1].profile->file);
  const auto json = nlohmann::json::parse(bench_json(report));
  double share = 0;
  for (const auto& r : json["rows"][0]["profile"]["rows"]) share += r["share"].get<double>();
  EXPECT_NEAR(share, 1, 1e-9);
  const auto text = profiles_text(report);
  EXPECT_NE(text.find("aten::addmm"), std::string::npos);
  EXPECT_NE(text.find("total"), std::string::npos);
  std::filesystem::remove_all(folder);
}

TEST(BenchProfile, RefusesBeforeItMeasures) {
  const auto message = [](const std::string& test, const std::string& trace) -> std::string {
    BenchOptions options;
    options.test = test;
    options.device = "cpu";
    options.trace = trace;
    try {
      run_bench(options, [](const std::string&) { FAIL() << "work was started"; });
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_NE(message("attention", "t.json").find("--case step"), std::string::npos);
  EXPECT_NE(message("step", "no-such-folder/t.json").find("existing folder"), std::string::npos);
}

}  // namespace
}  // namespace regard::lab
