#include "regard/data/generators/pathfinder.hpp"

#include <algorithm>
#include <bit>
#include <optional>

#include "regard/base/error.hpp"
#include "regard/base/philox.hpp"

namespace regard::data {

struct Pathfinder::Rules {
  int side = 0, contour = 0;
  int padding = 1, seed_distance = 0;
  int distractor_length = 0, distractors = 0;
  int contrast = 100, distractor_contrast = 100;  // of dashes, percent; a disc has 100
  std::vector<DashTables> tables;                 // one for each margin; an image draws one
  std::vector<Pixel> around;                      // (360) at seed_distance
  Stamp disc;
};

namespace {

constexpr int kSeedRetrials = 2, kDraws = 3, kDistractorAttempts = 5;
constexpr int kOccupied = 77;            // a mask above 0.3
constexpr int kOverlap = 459;            // 1.8 * 255: two masks together stay below
constexpr uint64_t kLeastWeight = 1671;  // 1e-4 * 255 * 2^16
using Bits = unsigned __int128;          // a row of the image

/// A row of pixels with a border of the image blocked.
Bits inner(int side, int border) {
  if (2 * border >= side) return 0;
  const Bits all = side == 128 ? ~Bits{0} : (Bits{1} << side) - 1;
  return (all >> (2 * border)) << border;
}

int count(Bits row) {
  return std::popcount(static_cast<uint64_t>(row)) +
         std::popcount(static_cast<uint64_t>(row >> 64));
}

struct Curve {
  std::vector<Pixel> tips;
  Pixel pivot, at;    // of the newest dash
  int direction = 0;  // of it; its mask joins the canvas when the next dash stands
};

/// The image under work.
class Canvas {
 public:
  Canvas(const DashTables& tables, int side, int padding, int contrast)
      : tables_(tables),
        side_(side),
        contrast_(contrast),
        picture_(static_cast<std::size_t>(side * side)),
        mask_(picture_.size()),
        occupied_(static_cast<std::size_t>(side)) {
    for (int y = 0; y < side; ++y) {
      for (int x = 0; x < side; ++x) {
        const int border = std::min({y, x, side - 1 - y, side - 1 - x});
        if (border < padding) block({y, x}, 255);
      }
    }
  }

  /// Pixels where a dash of this degree may have its tail: with room around, and away from the
  /// border.
  std::vector<Bits> free_tails(int degree, int border) const {
    std::vector<Bits> tails(static_cast<std::size_t>(side_));
    const auto& room = tables_.room[static_cast<std::size_t>(degree)];
    if (room.empty()) return tails;
    std::vector<Bits> occupied = occupied_;
    for (int y = 0; y < side_; ++y) {
      const bool lined = y < border || y >= side_ - border;
      occupied[static_cast<std::size_t>(y)] |=
          inner(side_, 0) & (lined ? ~Bits{0} : ~inner(side_, border));
    }
    for (int y = 0; y < side_; ++y) {
      Bits blocked = 0;
      for (const auto offset : room) {
        const int source = y + offset.y;
        if (source < 0 || source >= side_) continue;
        const Bits row = occupied[static_cast<std::size_t>(source)];
        blocked |= offset.x >= 0 ? row >> offset.x : row << -offset.x;
      }
      tails[static_cast<std::size_t>(y)] = inner(side_, 0) & ~blocked;
    }
    return tails;
  }

  bool inside(Pixel p) const { return p.y >= 0 && p.x >= 0 && p.y < side_ && p.x < side_; }

  /// True when the mask of the dash, on top of what is there, stays below 1.8.
  bool fits(int direction, Pixel p) const {
    bool ok = true;
    each(stamp_of(direction), p, [&](std::size_t at, std::size_t of, const Stamp& stamp) {
      ok = ok && mask_[at] + stamp.mask[of] < kOverlap;
    });
    return ok;
  }
  void draw(const Stamp& stamp, Pixel p, int contrast) {
    each(stamp, p, [&](std::size_t at, std::size_t of, const Stamp& s) {
      picture_[at] = std::max(picture_[at], static_cast<uint16_t>(s.picture[of] * contrast));
    });
  }
  void draw_dash(int direction, Pixel p) { draw(stamp_of(direction), p, contrast_); }
  void set_contrast(int contrast) { contrast_ = contrast; }
  void occupy(int direction, Pixel p) {
    each(stamp_of(direction), p, [&](std::size_t at, std::size_t of, const Stamp& s) {
      const auto side = static_cast<std::size_t>(side_);
      block({static_cast<int>(at / side), static_cast<int>(at % side)}, s.mask[of]);
    });
  }
  /// 255 minus the largest mask within the margin of p.
  int freedom(Pixel p) const {
    int largest = 0;
    for (const auto& offset : tables_.surroundings) {
      const auto q = p + offset;
      if (inside(q)) largest = std::max<int>(largest, mask_[index(q)]);
    }
    return 255 - largest;
  }
  bool almost_full() const {
    const auto free =
        std::count_if(mask_.begin(), mask_.end(), [](uint8_t m) { return m < kOccupied; });
    return free * 100 < side_ * side_;
  }
  const DashTables& tables() const { return tables_; }
  const Stamp& stamp_of(int direction) const {
    return tables_.stamps[static_cast<std::size_t>(direction)];
  }
  void swap(Canvas& other) {
    picture_.swap(other.picture_);
    mask_.swap(other.mask_);
    occupied_.swap(other.occupied_);
  }
  /// The brightest pixel becomes white, as the original saves its images.
  std::vector<uint8_t> scaled_picture() const {
    const int white = std::max<int>(1, *std::max_element(picture_.begin(), picture_.end()));
    std::vector<uint8_t> out;
    for (const int value : picture_)
      out.push_back(static_cast<uint8_t>((255 * value + white / 2) / white));
    return out;
  }

 private:
  void block(Pixel p, uint8_t mask) {
    auto& here = mask_[index(p)];
    here = std::max(here, mask);
    if (here >= kOccupied) occupied_[static_cast<std::size_t>(p.y)] |= Bits{1} << p.x;
  }
  std::size_t index(Pixel p) const { return static_cast<std::size_t>(p.y * side_ + p.x); }
  template <class F>
  void each(const Stamp& stamp, Pixel p, F&& visit) const {
    const auto corner = p + stamp.corner;
    const int left = std::max(0, -corner.x), right = std::min(stamp.width, side_ - corner.x);
    for (int i = std::max(0, -corner.y); i < std::min(stamp.height, side_ - corner.y); ++i) {
      for (int j = left; j < right; ++j) {
        visit(index({corner.y + i, corner.x + j}), static_cast<std::size_t>(i * stamp.width + j),
              stamp);
      }
    }
  }

  const DashTables& tables_;
  int side_, contrast_;
  std::vector<uint16_t> picture_;  // 255 at 100 percent of contrast is 25500
  std::vector<uint8_t> mask_;
  std::vector<Bits> occupied_;  // rows of mask_ >= kOccupied
};

// The first dash of a curve at `tail`; nothing when its head or pivot leave the image.
std::optional<Curve> start_at(Canvas& canvas, Pixel tail, int degree) {
  const auto& t = canvas.tables();
  const auto pivot = tail + t.pivot[static_cast<std::size_t>(degree)];
  if (!canvas.inside(tail + t.head[static_cast<std::size_t>(degree)]) || !canvas.inside(pivot))
    return {};
  canvas.draw_dash(degree, tail);
  return Curve{{tail}, pivot, tail, degree};
}

std::optional<Curve> start_anywhere(Canvas& canvas, int border, Random& random) {
  for (int trial = 0; trial <= kSeedRetrials; ++trial) {
    const auto degree = static_cast<int>(random.below(kDegrees));
    const auto tails = canvas.free_tails(degree, border);
    int total = 0;
    for (const auto row : tails) total += count(row);
    if (total == 0) return {};
    auto chosen = static_cast<int>(random.below(static_cast<uint64_t>(total)));
    int y = 0;
    while (chosen >= count(tails[static_cast<std::size_t>(y)]))
      chosen -= count(tails[static_cast<std::size_t>(y++)]);
    int x = 0;
    for (auto row = tails[static_cast<std::size_t>(y)]; !(row & 1) || chosen-- > 0; row >>= 1) ++x;
    if (auto curve = start_at(canvas, {y, x}, degree)) return curve;
  }
  return {};
}

std::optional<Curve> start_beside(Canvas& canvas, Pixel first, const std::vector<Pixel>& around,
                                  Random& random) {
  for (int trial = 0; trial <= kSeedRetrials; ++trial) {
    const auto degree = static_cast<int>(random.below(kDegrees));
    const auto tail = first + around[random.below(kDegrees)];
    if (!canvas.inside(tail)) continue;
    if (auto curve = start_at(canvas, tail, degree)) return curve;
  }
  return {};
}

// One more dash; false when there is no room.
bool extend(Canvas& canvas, Curve& curve, Random& random) {
  const auto& t = canvas.tables();
  const auto pivot = curve.pivot + t.step[static_cast<std::size_t>(curve.direction)];
  const auto* turn = t.turn.data() + static_cast<std::size_t>(curve.direction) * t.tips.size();
  std::vector<uint64_t> until;  // running sums of the weights
  uint64_t total = 0;
  for (std::size_t i = 0; i < t.tips.size(); ++i) {
    const auto tip = pivot + t.tips[i];
    if (turn[i] > 0 && canvas.inside(tip))
      total += turn[i] * static_cast<uint64_t>(canvas.freedom(tip));
    until.push_back(total);
  }
  if (total <= kLeastWeight) return false;
  for (int draw = 0; draw < kDraws; ++draw) {
    const auto chosen =
        std::upper_bound(until.begin(), until.end(), random.below(total)) - until.begin();
    const auto tip = pivot + t.tips[static_cast<std::size_t>(chosen)];
    const int direction = kDegrees + static_cast<int>(chosen);
    if (!canvas.fits(direction, tip)) continue;
    canvas.draw_dash(direction, tip);
    canvas.occupy(curve.direction, curve.at);
    curve.tips.push_back(tip);
    curve.pivot = pivot;
    curve.at = tip;
    curve.direction = direction;
    return true;
  }
  return false;
}

// The two long curves, grown in turn; nothing when either finds no room.
std::optional<std::array<Curve, 2>> long_curves(Canvas& canvas, int contour, int seed_distance,
                                                const std::vector<Pixel>& around, Random& random) {
  auto first = start_anywhere(canvas, 2 * seed_distance, random);
  if (!first) return {};
  auto second = start_beside(canvas, first->at, around, random);
  if (!second) return {};
  std::array curves{std::move(*first), std::move(*second)};
  for (int i = 1; i < contour; ++i) {
    for (auto& curve : curves) {
      if (!extend(canvas, curve, random)) return {};
    }
  }
  // The last dash of the first curve keeps no margin to the short ones in the original either.
  canvas.occupy(curves[1].direction, curves[1].at);
  return curves;
}

// A short curve, drawn as a whole or not at all.
bool add_distractor(Canvas& canvas, int length, Random& random) {
  for (int attempt = 0; attempt < kDistractorAttempts; ++attempt) {
    Canvas trial = canvas;
    auto curve = start_anywhere(trial, 1, random);
    if (!curve) continue;
    int grown = 1;
    while (grown < length && extend(trial, *curve, random)) ++grown;
    if (grown < length) continue;
    trial.occupy(curve->direction, curve->at);
    canvas.swap(trial);
    return true;
  }
  return false;
}

}  // namespace

void PathfinderSpec::check() const {
  if (side != 32 && side != 128) {
    throw InputError("pathfinder: side 32 or 128 was expected, and " + std::to_string(side) +
                     " came");
  }
  const int64_t most = side == 32 ? 14 : 40;
  if (contour < 3 || contour > most) {
    throw InputError("pathfinder: a contour of 3 to " + std::to_string(most) +
                     " dashes was expected (side " + std::to_string(side) + "), and " +
                     std::to_string(contour) + " came");
  }
}

Pathfinder::Pathfinder(const PathfinderSpec& spec) {
  spec.check();
  auto rules = std::make_unique<Rules>();
  const bool small = spec.side == 32;
  rules->side = static_cast<int>(spec.side);
  rules->contour = static_cast<int>(spec.contour);
  rules->seed_distance = small ? 7 : 20;
  rules->distractor_length = rules->contour / 3;
  rules->distractors = (small ? 20 : 35) / rules->distractor_length;
  // The original multiplies by both of its contrasts in long curves, 2 and 0.75, and by the first
  // alone in short ones.
  rules->contrast = small ? 150 : 90;
  rules->distractor_contrast = small ? 200 : 90;
  rules->disc = disc_stamp(small ? 1.5 : 3);
  for (const int margin : small ? std::vector<int>{1} : std::vector<int>{2, 3}) {
    const DashShape dash = small ? DashShape{2, 0.5, margin} : DashShape{5, 1.5, margin};
    rules->tables.emplace_back(dash, small ? 1.0 : 1.8);
  }
  rules->around = ring(rules->seed_distance);
  rules_ = std::move(rules);
}

Pathfinder::~Pathfinder() = default;

int Pathfinder::side() const { return rules_->side; }

PathfinderImage Pathfinder::image(uint64_t seed, uint64_t index) const {
  constexpr int64_t kAttempts = 1'000'000;
  const auto& r = *rules_;
  Random random(seed, RandomStream::kPathfinder, index);
  // Most drawings end at their first dash: what they begin with is made once.
  std::vector<Canvas> empty;
  for (const auto& tables : r.tables) empty.emplace_back(tables, r.side, r.padding, r.contrast);
  PathfinderImage image;
  image.label = static_cast<int>(random.below(2));
  while (image.attempts < kAttempts) {
    ++image.attempts;
    Canvas canvas = empty[random.below(empty.size())];
    auto curves = long_curves(canvas, r.contour, r.seed_distance, r.around, random);
    if (!curves) continue;
    canvas.set_contrast(r.distractor_contrast);
    for (int i = 0; i < r.distractors && !canvas.almost_full(); ++i) {
      image.distractors += add_distractor(canvas, r.distractor_length, random);
    }
    const auto snake = static_cast<std::size_t>(random.below(2));
    const auto other = image.label == 1 ? snake : 1 - snake;
    image.discs = {(*curves)[snake].tips.front(), (*curves)[other].tips.back()};
    for (const auto& disc : image.discs) canvas.draw(r.disc, disc, 100);
    for (std::size_t c = 0; c < 2; ++c) image.tips[c] = std::move((*curves)[c].tips);
    image.pixels = canvas.scaled_picture();
    return image;
  }
  throw RunError("pathfinder: example " + std::to_string(index) + " found no room in " +
                 std::to_string(kAttempts) + " drawings");
}

}  // namespace regard::data
