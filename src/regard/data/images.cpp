// Images of one shape: kept as bytes on the device, and gathered and scaled there.
#include "regard/base/error.hpp"
#include "regard/data/dataset.hpp"

namespace regard::data {
namespace {

struct Pixels {
  torch::Tensor bytes;          // (N, T, C) uint8, or (N, T) for ids, on the device
  torch::Tensor labels;         // (N) int64 on the device, or undefined
  torch::Tensor scale, offset;  // (C) float: value = byte * scale + offset; undefined for ids
  Places places;
  int64_t size() const { return bytes.size(0); }
};

torch::Tensor tokens_of(const Examples& examples, const Encoding& encoding) {
  const auto n = examples.size();
  const auto& s = encoding.shape;
  // The bytes are copied before this function returns, and never written.
  auto images = torch::from_blob(const_cast<uint8_t*>(examples.images.data()),
                                 {n, s.height, s.width, s.channels}, torch::kByte);
  const auto& kind = encoding.image.image_tokens;
  if (kind == "levels") return images.reshape({n, encoding.max_length}).clone();
  if (kind == "patches") {
    const auto p = encoding.image.patch;
    images = images.reshape({n, s.height / p, p, s.width / p, p, s.channels})
                 .permute({0, 1, 3, 2, 4, 5})
                 .contiguous();
  }
  return images.reshape({n, encoding.max_length, encoding.channels}).clone();
}

// The channel of a pixel runs fastest in every layout, so its scale repeats along C.
torch::Tensor repeated(const std::vector<double>& channel, int64_t width) {
  auto one = torch::tensor(channel, torch::kDouble).to(torch::kFloat);
  return one.repeat({width / one.size(0)});
}

Pixels arrange(const Examples& examples, const Encoding& encoding, torch::Device device) {
  if (!(examples.shape == encoding.shape)) {
    const auto text = [](const ImageShape& s) {
      return std::to_string(s.height) + " x " + std::to_string(s.width) + " x " +
             std::to_string(s.channels);
    };
    throw InputError(examples.place(0) + ": images of " + text(encoding.shape) +
                     " were expected, and this one is " + text(examples.shape));
  }
  Pixels pixels;
  pixels.places = examples;
  pixels.bytes = tokens_of(examples, encoding).to(device);
  if (examples.labelled()) {
    pixels.labels = torch::tensor(examples.labels, torch::kInt).to(torch::kLong).to(device);
  }
  if (!encoding.is_tokens()) {
    std::vector<double> scale, offset;
    for (std::size_t c = 0; c < encoding.mean.size(); ++c) {
      scale.push_back(1 / (255 * encoding.deviation[c]));
      offset.push_back(-encoding.mean[c] / encoding.deviation[c]);
    }
    pixels.scale = repeated(scale, encoding.channels).to(device);
    pixels.offset = repeated(offset, encoding.channels).to(device);
  }
  return pixels;
}

class ImageStream final : public Stream {
 public:
  ImageStream(std::shared_ptr<const Pixels> data, std::unique_ptr<BatchPlan> plan)
      : data_(std::move(data)), plan_(std::move(plan)) {}
  int64_t steps_per_epoch() const override { return plan_->steps_per_epoch(); }
  std::vector<int64_t> examples(int64_t step) const override { return plan_->rows(step); }
  nn::Batch batch(int64_t step) override {
    const auto rows = plan_->rows(step);
    const auto device = data_->bytes.device();
    nn::Batch batch;
    batch.rows = static_cast<int64_t>(rows.size());
    auto host = host_tensor({batch.rows}, torch::kLong, device);
    std::copy(rows.begin(), rows.end(), host.data_ptr<int64_t>());
    const auto index = host.to(device, /*non_blocking=*/true);
    const auto bytes = data_->bytes.index_select(0, index);
    batch.inputs = data_->scale.defined()
                       ? bytes.to(torch::kFloat).mul_(data_->scale).add_(data_->offset)
                       : bytes.to(torch::kLong);
    if (data_->labels.defined()) batch.targets = data_->labels.index_select(0, index);
    batch.tokens = batch.rows * data_->bytes.size(1);
    return batch;
  }

 private:
  std::shared_ptr<const Pixels> data_;
  std::unique_ptr<BatchPlan> plan_;
};

class ImageDataset final : public Dataset {
 public:
  explicit ImageDataset(Pixels pixels) : data_(std::make_shared<const Pixels>(std::move(pixels))) {}
  int64_t size() const override { return data_->size(); }
  const Places& places() const override { return data_->places; }
  std::unique_ptr<Stream> train(const StreamOptions& options) const override {
    if (!data_->labels.defined()) throw InputError("these images have no labels to be trained on");
    auto rows = options.size.rows;
    if (options.size.tokens > 0) {
      rows = std::max<int64_t>(1, options.size.tokens / data_->bytes.size(1));
    }
    return std::make_unique<ImageStream>(data_, endless_plan(size(), rows, options.seed));
  }
  std::unique_ptr<Stream> sweep(int64_t rows) const override {
    const std::vector<int64_t> lengths(static_cast<std::size_t>(size()), data_->bytes.size(1));
    return std::make_unique<ImageStream>(data_, sweep_plan(lengths, rows));
  }

 private:
  std::shared_ptr<const Pixels> data_;
};

}  // namespace

std::shared_ptr<const Dataset> make_images(const Examples& examples, const Encoding& encoding,
                                           torch::Device device) {
  return std::make_shared<ImageDataset>(arrange(examples, encoding, device));
}

}  // namespace regard::data
