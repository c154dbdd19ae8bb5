#include "regard/report/passage.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "regard/base/error.hpp"
#include "regard/report/html.hpp"

namespace regard::report {
namespace {

constexpr double kWidth = 1000, kMargin = 14, kTallest = 220;

std::string signed_number(double value) {
  return (value < 0 ? "−" : "+") + fixed(std::abs(value), 2);
}

/// A colour for an effect between -largest and largest: blue for, orange against.
std::string colour(double effect, double largest, double weakest, double strongest) {
  const double share = largest > 0 ? std::min(1.0, std::abs(effect) / largest) : 0;
  return std::string(effect < 0 ? "rgba(213, 94, 0, " : "rgba(0, 114, 178, ") +
         fixed(weakest + (strongest - weakest) * share, 2) + ")";
}

template <class Items>
double largest_effect(const Items& items) {
  double largest = 0;
  for (const auto& item : items) largest = std::max(largest, std::abs(item.effect));
  return largest;
}

void check(const Passage& passage) {
  const auto n = static_cast<int64_t>(passage.sentences.size());
  for (const auto& link : passage.links) {
    if (link.a >= 0 && link.a < link.b && link.b < n) continue;
    throw InputError("passage: a link between two of " + std::to_string(n) +
                     " sentences was expected, and " + std::to_string(link.a) + " and " +
                     std::to_string(link.b) + " came");
  }
}

/// The middle of place i of n.
double place(int64_t i, std::size_t n) {
  const double step = (kWidth - 2 * kMargin) / static_cast<double>(std::max<std::size_t>(n, 1));
  return kMargin + step * (static_cast<double>(i) + 0.5);
}

std::string arc(const PassageLink& link, const Passage& passage, double heaviest, double largest,
                double base) {
  const auto n = passage.sentences.size();
  const double from = place(link.a, n), to = place(link.b, n), rx = (to - from) / 2;
  const double ry = std::min(kTallest - 10, rx);
  const double width = heaviest > 0 ? 1 + 4 * link.weight / heaviest : 1.5;
  const auto stroke =
      link.effect == 0 ? "rgba(90, 100, 112, 0.35)" : colour(link.effect, largest, 0.35, 0.95);
  std::string title =
      "sentences " + std::to_string(link.a + 1) + " and " + std::to_string(link.b + 1);
  if (heaviest > 0) title += ": weight " + fixed(link.weight, 3);
  if (link.effect != 0) title += ", " + signed_number(link.effect) + " " + passage.unit;
  return "<path d=\"M " + fixed(from, 1) + " " + fixed(base, 1) + " A " + fixed(rx, 1) + " " +
         fixed(ry, 1) + " 0 0 1 " + fixed(to, 1) + " " + fixed(base, 1) +
         "\" fill=\"none\" stroke=\"" + stroke + "\" stroke-width=\"" + fixed(width, 1) +
         "\"><title>" + escape(title) + "</title></path>\n";
}

std::string arcs(const Passage& passage) {
  double heaviest = 0, widest = 0;
  const auto n = passage.sentences.size();
  for (const auto& link : passage.links) {
    heaviest = std::max(heaviest, link.weight);
    widest = std::max(widest, place(link.b, n) - place(link.a, n));
  }
  const double largest = largest_effect(passage.links);
  const double base = std::min(kTallest, widest / 2 + 12);
  std::string svg = "<svg class=\"arcs\" viewBox=\"0 0 1000 " + fixed(base + 26, 0) +
                    "\" role=\"img\" aria-label=\"" + std::to_string(passage.links.size()) +
                    " links between " + std::to_string(n) + " sentences\">\n";
  // The strongest are drawn last, over the others.
  auto links = passage.links;
  std::stable_sort(links.begin(), links.end(), [](const PassageLink& a, const PassageLink& b) {
    return std::abs(a.effect) < std::abs(b.effect);
  });
  for (const auto& link : links) svg += arc(link, passage, heaviest, largest, base);
  const std::size_t every = n > 40 ? (n + 39) / 40 : 1;
  for (std::size_t i = 0; i < n; ++i) {
    const auto x = fixed(place(static_cast<int64_t>(i), n), 1);
    svg += "<circle cx=\"" + x + "\" cy=\"" + fixed(base, 1) + "\" r=\"2.5\"/>";
    if (i % every == 0)
      svg += "<text x=\"" + x + "\" y=\"" + fixed(base + 18, 1) + "\">" + std::to_string(i + 1) +
             "</text>";
    svg += "\n";
  }
  return svg + "</svg>\n";
}

}  // namespace

std::string passage_html(const Passage& passage) {
  check(passage);
  const double largest = largest_effect(passage.sentences);
  std::string html = "<div class=\"passage\">\n";
  if (!passage.links.empty()) html += arcs(passage);
  html += "<ol>\n";
  for (const auto& sentence : passage.sentences) {
    html += "<li><span style=\"background: " + colour(sentence.effect, largest, 0, 0.45) + "\">" +
            escape(sentence.text) + "</span> <small>" + signed_number(sentence.effect) +
            "</small></li>\n";
  }
  return html +
         "</ol>\n<p class=\"lead\">Blue speaks for the answer, orange against it; numbers are " +
         escape(passage.unit) + ".</p>\n</div>\n";
}

}  // namespace regard::report
