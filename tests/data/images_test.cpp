#include <gtest/gtest.h>

#include "data/helpers.hpp"

namespace regard::data {
namespace {

/// Images of 4 x 4 x channels whose bytes count up from 10 * i.
Examples images(int64_t count, int64_t channels = 1) {
  ExamplesBuilder builder;
  builder.begin_file("imgs");
  builder.set_unit("image");
  const ImageShape shape{4, 4, channels};
  for (int64_t i = 0; i < count; ++i) {
    std::vector<uint8_t> pixels;
    for (int64_t p = 0; p < shape.size(); ++p) pixels.push_back(static_cast<uint8_t>(10 * i + p));
    builder.add_image(pixels, shape, i + 1);
    builder.add_label(std::to_string(i % 2));
  }
  return builder.finish();
}

Encoding encoding_of(const Examples& examples, const std::string& tokens,
                     const std::string& normalise) {
  Encoding encoding;
  encoding.classes = examples.label_names;
  encoding.image.image_tokens = tokens;
  encoding.image.patch = 2;
  encoding.image.normalise = normalise;
  fit_images(encoding, examples);
  return encoding;
}

torch::Tensor first_inputs(const Examples& examples, const std::string& tokens,
                           const std::string& normalise = "none") {
  const auto encoding = encoding_of(examples, tokens, normalise);
  const auto inputs = make_dataset(examples, encoding, torch::kCPU)->sweep(100)->batch(0).inputs;
  EXPECT_EQ(inputs.size(1), encoding.max_length);
  if (inputs.dim() == 3) {
    EXPECT_EQ(inputs.size(2), encoding.channels);
  }
  return inputs;
}

TEST(Images, PixelsRowsAndLevelsAreTheSameBytes) {
  const auto examples = images(2, 3);
  const auto pixels = first_inputs(examples, "pixels"), rows = first_inputs(examples, "rows");
  const auto levels = first_inputs(examples, "levels");
  ASSERT_EQ(pixels.sizes(), (std::vector<int64_t>{2, 16, 3}));
  ASSERT_EQ(rows.sizes(), (std::vector<int64_t>{2, 4, 12}));
  ASSERT_EQ(levels.sizes(), (std::vector<int64_t>{2, 48}));
  EXPECT_EQ(levels.scalar_type(), torch::kLong);
  EXPECT_EQ(levels[1][5].item<int64_t>(), 15);
  EXPECT_FLOAT_EQ(pixels[1][1][2].item<float>(), 15.f / 255);
  EXPECT_TRUE(torch::allclose(pixels.reshape({-1}), rows.reshape({-1})));
}

TEST(Images, PatchesAreSquaresOfTheImage) {
  const auto patches = (first_inputs(images(1), "patches") * 255).round().to(torch::kLong);
  ASSERT_EQ(patches.sizes(), (std::vector<int64_t>{1, 4, 4}));
  EXPECT_TRUE(torch::equal(patches[0][1], torch::tensor({2, 3, 6, 7}, torch::kLong)));
  EXPECT_TRUE(torch::equal(patches[0][2], torch::tensor({8, 9, 12, 13}, torch::kLong)));
  auto examples = images(1);
  Encoding encoding;
  encoding.image.image_tokens = "patches";
  encoding.image.patch = 3;
  EXPECT_EQ(input_error([&] { fit_images(encoding, examples); }),
            "patch = 3 does not divide images of 4 x 4");
}

TEST(Images, StandardGivesMeanZeroAndDeviationOneAChannel) {
  for (const auto* tokens : {"pixels", "rows", "patches"}) {
    const auto x =
        first_inputs(images(9, 3), tokens, "standard").to(torch::kDouble).reshape({-1, 3});
    EXPECT_LT(x.mean(0).abs().max().item<double>(), 1e-5) << tokens;
    EXPECT_LT((x.std(0, /*unbiased=*/false) - 1).abs().max().item<double>(), 1e-5) << tokens;
  }
}

TEST(Images, BatchesAreFullPureAndLabelled) {
  const auto examples = images(11);
  const auto data = make_dataset(examples, encoding_of(examples, "levels", "none"), torch::kCPU);
  StreamOptions options;
  options.size.rows = 4;
  expect_pure(*data, options);
  const auto stream = data->train(options);
  for (int64_t step = 0; step < 6; ++step) {
    const auto batch = stream->batch(step);
    ASSERT_EQ(batch.rows, 4);
    const auto rows = stream->examples(step);
    for (int64_t b = 0; b < 4; ++b) {
      const auto i = rows[static_cast<std::size_t>(b)];
      EXPECT_EQ(batch.inputs[b][0].item<int64_t>(), 10 * i);
      EXPECT_EQ(batch.targets[b].item<int64_t>(), i % 2);
    }
  }
}

TEST(Images, AnotherShapeIsRefused) {
  const auto encoding = encoding_of(images(2), "pixels", "none");
  EXPECT_EQ(input_error([&] { make_dataset(images(2, 3), encoding, torch::kCPU); }),
            "imgs: image 1: images of 4 x 4 x 1 were expected, and this one is 4 x 4 x 3");
  EXPECT_TRUE(contains(input_error([&] { make_dataset(documents(2), encoding, torch::kCPU); }),
                       "images were expected, and this is text"));
}

}  // namespace
}  // namespace regard::data
