#include "regard/train/spec.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <vector>

#include "regard/base/error.hpp"

namespace regard::train {
namespace {

TEST(TrainSpec, RefusesNumbersWithoutMeaning) {
  EXPECT_NO_THROW(check(Spec()));
  for (const auto& wrong : std::vector<std::function<void(Spec&)>>{
           [](Spec& s) { s.steps = 0; }, [](Spec& s) { s.lr = 0; }, [](Spec& s) { s.beta2 = 1; },
           [](Spec& s) { s.min_lr = 1; }, [](Spec& s) { s.accumulate = 0; },
           [](Spec& s) { s.lr = NAN; }, [](Spec& s) { s.lr = INFINITY; },
           [](Spec& s) { s.seconds = INFINITY; }, [](Spec& s) { s.log_every = 0; }}) {
    Spec spec;
    wrong(spec);
    EXPECT_THROW(check(spec), InputError);
  }
}

}  // namespace
}  // namespace regard::train
