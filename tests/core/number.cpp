#include <quipu/core/number.hpp>

#include "support/catch.hpp"
#include "support/numbers.hpp"

#include <array>
#include <cfloat>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>

using quipu::errc;
using quipu::parse_integer;
using quipu::parse_number;
using quipu::parse_number_prefix;

namespace {

using limits = std::numeric_limits<double>;

// The points halfway between 0 and the smallest subnormal, between the largest subnormal and the
// smallest normal number, and between the largest number and what would be next. In full.
constexpr std::string_view half_of_smallest =
    "2.47032822920623272088284396434110686182529901307162382212792841250337753635104375932649"
    "9181808179961898982823477228588654633283551779698981993873980053909390631503565951557022"
    "6392290858392449105184435931802849936536152500319370457678249219365623669863658480757001"
    "5857692699037063119282795585513329278343384093519780155312465972635795746227664652728272"
    "2005637400648549997709659947045402082816622623785739345073633900796776193057750674017632"
    "4673600968951340535537458516661134223766678604162159680461914467291840300530057530849048"
    "7653917113865916462395249126236538818796362393732804238910186723484976682350898633885879"
    "2562830275599565752445550725518931369083625477918694866799496832404970582102851318545139"
    "6213837722826145437693412532098591327667236328125e-324";

constexpr std::string_view halfway_to_normal =
    "2.22507385850720113605740979670913197593481954635164564802342610972482222202107694551652"
    "9523908135087914149158913039621106870086438694594645527657207407820621743379988141063267"
    "3292535522868813721490129811224514518898490572223072852551331557550159143974763979834118"
    "0199932396254828901710708185069063066665599493827577257201576306269066333264756530000924"
    "5888316433037779791869612049497390377829704905051080609940730262937128958950003583799967"
    "2072543043602840788957717961509455167482434710307026091446215722898802581825451803257070"
    "1886087211312807951223342628836862232150377566662250398253433597456888442390026549819838"
    "5487948292206894721689831099698365846814022854243330660339850886445804001034933970427567"
    "18644338377048603786162277173854562306587467901408672332763671875e-308";

constexpr std::string_view halfway_to_infinity =
    "1797693134862315807937289714053034150799341327100378269361737789804449682927647509466490"
    "1797758720709633028641669288791094655554785194040263065748867150582068190890200070838367"
    "6273854845817711531764475730270069855571366959622842914819860834936475292719074168444365"
    "510704342711559699508093042880177904174497792";

struct parse_case {
    std::string_view text;
    double value = 0;
    errc error = errc::ok;
};

constexpr parse_case parse_cases[] = {
    {"0", 0},
    {"-0", -0.0},
    {"+0", 0},
    {"1", 1},
    {"320", 320},
    {"+42", 42},
    {"-42", -42},
    {"0012", 12},
    {"000.0100", 0.01},
    {"5.", 5},
    {".5", 0.5},
    {"-.5e1", -5},
    {"1e3", 1000},
    {"1E3", 1000},
    {"1e+3", 1000},
    {"1e-3", 0.001},
    {"5.e-1", 0.5},
    {"0e999999999999999999999", 0},
    {"0.1", 0.1},
    {"0.30000000000000004", 0.30000000000000004},
    {"12345678", 12345678},
    {"123456789.123456789", 123456789.123456789},
    {"1700000000.123456", 1700000000.123456},
    {"9007199254740992", 0x1p53},
    {"9007199254740993", 0x1p53},
    {"9007199254740993.0", 0x1p53},
    {"9007199254740993.00000000000000000000000", 0x1p53},
    {"9007199254740993.00000000000000000000001", 0x1p53 + 2},
    {"9007199254740992.99999999999999999999999", 0x1p53},
    {"9007199254740995", 0x1p53 + 4},
    {"18446744073709551615", 0x1p64},
    {"18446744073709551616", 0x1p64},
    {"1e22", 1e22},
    {"1e23", 1e23},
    {"123456789012345678901234567890", 123456789012345678901234567890.0},
    {"0.000000000000000000000000000000000000000123456789", 123456789e-48},
    {"10000000000000000000000000000000000000000e-40", 1},
    {"0.00000000000000000000000000000000000000001e+41", 1},
    {"2.2250738585072011e-308", 0x0.fffffffffffffp-1022},
    {"2.2250738585072012e-308", limits::min()},
    {"2.2250738585072014e-308", limits::min()},
    {"5e-324", limits::denorm_min()},
    {"2e-324", 0},
    {"-1e-400", -0.0},
    {"1e-99999999999999999999999999", 0},
    {"1.7976931348623157e308", limits::max()},
    {"1.7976931348623158e308", limits::max()},
    {"1.7976931348623159e308", 0, errc::number_out_of_range},
    {"-1e309", 0, errc::number_out_of_range},
    {"1e99999999999999999999999999", 0, errc::number_out_of_range},
    {"1e9223372036854775808", 0, errc::number_out_of_range},
    {"1e18446744073709551616", 0, errc::number_out_of_range},
    {half_of_smallest, 0},
    {halfway_to_normal, limits::min()},
    {halfway_to_infinity, 0, errc::number_out_of_range},
    {"", 0, errc::bad_number},
    {"+", 0, errc::bad_number},
    {"-", 0, errc::bad_number},
    {".", 0, errc::bad_number},
    {"-.", 0, errc::bad_number},
    {".e1", 0, errc::bad_number},
    {"e1", 0, errc::bad_number},
    {"1e", 0, errc::bad_number},
    {"1e+", 0, errc::bad_number},
    {"1e1.5", 0, errc::bad_number},
    {"1.2.3", 0, errc::bad_number},
    {"12.89g", 0, errc::bad_number},
    {"1e400x", 0, errc::bad_number},
    {"--1", 0, errc::bad_number},
    {"+-1", 0, errc::bad_number},
    {" 1", 0, errc::bad_number},
    {"1 ", 0, errc::bad_number},
    {"1,5", 0, errc::bad_number},
    {"1_000", 0, errc::bad_number},
    {"0x10", 0, errc::bad_number},
    {"nan", 0, errc::bad_number},
    {"inf", 0, errc::bad_number},
    {"Infinity", 0, errc::bad_number},
    {"12345678:", 0, errc::bad_number},
    {"1234567/", 0, errc::bad_number},
    {"123456\xb0", 0, errc::bad_number},
};

constexpr bool holds(const parse_case& expected) {
    const auto read = parse_number(expected.text);
    return read.error() == expected.error && (!read || same(*read, expected.value));
}

// The text of the first case that does not hold.
template <std::size_t Count>
constexpr std::string_view first_wrong(const parse_case (&cases)[Count]) {
    for (const auto& expected : cases) {
        if (!holds(expected))
            return expected.text;
    }
    return "none";
}

struct prefix_case {
    std::string_view text;
    std::size_t size;
    double value;
    bool integral;
};

constexpr prefix_case prefix_cases[] = {
    {"320|ms", 3, 320, true},
    {"-7|g", 2, -7, true},
    {"+7", 2, 7, true},
    {"1.5|c|@0.1", 3, 1.5, false},
    {"5.|c", 2, 5, false},
    {".5|c", 2, 0.5, false},
    {"1e3|c", 3, 1000, false},
    {"1e", 1, 1, true},
    {"1e+", 1, 1, true},
    {"1e-|c", 1, 1, true},
    {"1.5e", 3, 1.5, false},
    {"1.2.3", 3, 1.2, false},
    {"0x10", 1, 0, true},
    {"1-2", 1, 1, true},
    {"1e5e5", 3, 1e5, false},
    {"123456789012345678901234567890:", 30, 123456789012345678901234567890.0, true},
    {"1:2", 1, 1, true},
};

constexpr bool holds(const prefix_case& expected) {
    const auto read = parse_number_prefix(expected.text);
    return read && read->size == expected.size && same(read->value, expected.value) &&
           read->integral == expected.integral;
}

// A text of `count` digits that is "1", then zeros, then "1": made where it is parsed.
template <std::size_t Count>
constexpr std::array<char, Count> far_apart() {
    std::array<char, Count> text{};
    text.fill('0');
    text.front() = '1';
    text.back() = '1';
    return text;
}

double read_by_library(std::string_view text) {
    if (!text.empty() && text.front() == '+')
        text.remove_prefix(1); // std::from_chars knows no '+'
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc::result_out_of_range) // it does not say which, and leaves the value
        return std::strtod(std::string(text).c_str(), nullptr);
    return end == text.data() + text.size() ? value : limits::quiet_NaN();
}

// "" if both read the same, otherwise the text.
std::string disagreement(std::string_view text) {
    const exact_copy copy(text);
    const auto ours = parse_number(copy.view());
    const double theirs = read_by_library(text);
    const bool infinite = theirs > limits::max() || theirs < limits::lowest();
    const bool agree =
        infinite ? ours.error() == errc::number_out_of_range : ours && same(*ours, theirs);
    return agree ? std::string() : std::string(text) + '\n';
}

} // namespace

TEST_CASE("number: every case is read right at compile time", "[core][number]") {
    STATIC_REQUIRE(first_wrong(parse_cases) == "none");
}

TEST_CASE("number: every case is read right at run time", "[core][number]") {
    for (const auto& expected : parse_cases) {
        INFO(expected.text);
        const exact_copy copy(expected.text);
        CHECK(holds(parse_case{copy.view(), expected.value, expected.error}));
    }
}

TEST_CASE("number: a number ends where it cannot go on", "[core][number]") {
    constexpr auto all = [] {
        for (const auto& expected : prefix_cases) {
            if (!holds(expected))
                return expected.text;
        }
        return std::string_view("none");
    };
    STATIC_REQUIRE(all() == "none");
    CHECK(all() == "none");
}

TEST_CASE("number: no number at the start is an error", "[core][number]") {
    STATIC_REQUIRE(parse_number_prefix("").error() == errc::bad_number);
    STATIC_REQUIRE(parse_number_prefix({}).error() == errc::bad_number);
    STATIC_REQUIRE(parse_number_prefix("|c").error() == errc::bad_number);
    STATIC_REQUIRE(parse_number_prefix("nan").error() == errc::bad_number);
    STATIC_REQUIRE(parse_number_prefix("-|g").error() == errc::bad_number);
    STATIC_REQUIRE(parse_number_prefix("1e999|c").error() == errc::number_out_of_range);
    CHECK(parse_number_prefix("").error() == errc::bad_number);
}

TEST_CASE("number: nothing behind the text is read", "[core][number]") {
    // What follows would change each number if it were.
    constexpr std::string_view text = "123456789.123456789e1111111111";
    for (std::size_t size = 1; size <= 21; ++size) {
        const std::string alone(text.substr(0, size));
        INFO(alone);
        const auto prefix = parse_number_prefix(text.substr(0, size));
        REQUIRE(prefix);
        CHECK(prefix->value == std::strtod(alone.c_str(), nullptr));
        CHECK(prefix->size == (size == 20 ? 19 : size));
    }
}

TEST_CASE("number: one digit far behind a halfway point decides", "[core][number]") {
    for (const std::string_view halfway : {half_of_smallest, halfway_to_normal}) {
        const std::size_t exponent = halfway.find('e');
        const std::string digits(halfway.substr(0, exponent));
        const std::string power(halfway.substr(exponent));
        const double even = *parse_number(halfway);
        const double other = even == 0 ? limits::denorm_min() : 0x0.fffffffffffffp-1022;
        const double above = even == 0 ? other : even;
        const double below = even == 0 ? even : other;
        for (const auto zeros : std::initializer_list<std::size_t>{0, 1, 15, 16, 17, 100, 5000}) {
            INFO(digits.size() << " digits, " << zeros << " zeros");
            CHECK(parse_number(digits + std::string(zeros, '0') + power).value_or(-1) == even);
            CHECK(parse_number(digits + std::string(zeros, '0') + '1' + power).value_or(-1) ==
                  above);
        }
        std::string less = digits;
        --less.back(); // it is not 0, as it comes from a power of five
        CHECK(parse_number(less + std::string(5000, '9') + power).value_or(-1) == below);
    }
    CHECK(parse_number(std::string(halfway_to_infinity) + ".0001").error() ==
          errc::number_out_of_range);
    std::string less(halfway_to_infinity);
    --less.back();
    CHECK(parse_number(less + '.' + std::string(1000, '9')).value_or(0) == limits::max());
}

TEST_CASE("number: 800 digits are within a compiler's limits", "[core][number]") {
    static constexpr auto digits = far_apart<800>();
    constexpr auto decimals = [] {
        std::array<char, 802> text{};
        text[0] = '0';
        text[1] = '.';
        for (std::size_t i = 0; i < digits.size(); ++i)
            text[2 + i] = digits[i];
        return parse_number({text.data(), text.size()});
    };
    STATIC_REQUIRE(*decimals() == 0.1);
    STATIC_REQUIRE(parse_number({digits.data(), digits.size()}).error() ==
                   errc::number_out_of_range);
    CHECK(*decimals() == 0.1);
}

TEST_CASE("number: a hundred thousand digits and their exponent cancel out", "[core][number]") {
    const std::string zeros(100'000, '0');
    CHECK(parse_number("0." + zeros + "25e100001").value_or(0) == 2.5);
    CHECK(parse_number("25" + zeros + "e-100001").value_or(0) == 2.5);
    CHECK(parse_number(zeros + "1.5").value_or(0) == 1.5);
    CHECK(parse_number("0." + zeros).value_or(1) == 0);
    CHECK(parse_number("0." + zeros + '1').value_or(1) == 0);
    CHECK(parse_number('1' + zeros).error() == errc::number_out_of_range);
}

TEST_CASE("number: what is generated is read as the standard library reads it", "[core][number]") {
    generator random(5);
    const std::uint64_t count = generated_numbers(700'000);
    std::string different;
    std::string text;
    std::array<char, 32> shortest{};
    for (std::uint64_t i = 0; i < count; ++i) {
        generate_number(random, 15, text);
        different += disagreement(text);
        generate_number(random, random.one_in(8) ? 60 : 24, text);
        different += disagreement(text);
        char* const end = shortest.data() + shortest.size();
        const auto written = std::to_chars(shortest.data(), end, generated_double(random));
        different += disagreement(
            {shortest.data(), static_cast<std::size_t>(written.ptr - shortest.data())});
    }
    CHECK(different == "");
}

TEST_CASE("number: what is generated is read as the C library reads it", "[core][number]") {
    generator random(6);
    const std::uint64_t count = generated_numbers(50'000);
    std::string different;
    std::string text;
    for (std::uint64_t i = 0; i < count; ++i) {
        generate_number(random, 40, text);
        const double theirs = std::strtod(text.c_str(), nullptr);
        const auto ours = parse_number(text);
        if (ours ? !same(*ours, theirs) : std::isfinite(theirs))
            different += text + '\n';
    }
    CHECK(different == "");
}

TEST_CASE("number: at and next to halfway points the even and the nearer one is read",
          "[core][number]") {
    if (LDBL_MANT_DIG < 54 || LDBL_MAX_EXP < 1026) {
        WARN("long double cannot hold the points halfway between doubles here");
        return;
    }
    generator random(7);
    const std::uint64_t count = generated_numbers(2'000) / 50 + 2'000;
    std::string different;
    std::array<char, 1200> buffer{};
    for (std::uint64_t i = 0; i < count; ++i) {
        const double value = std::abs(generated_double(random));
        const double next = std::nextafter(value, limits::max());
        const long double halfway = (static_cast<long double>(value) + next) / 2;
        const int size = std::snprintf(buffer.data(), buffer.size(), "%.770Le", halfway); // exact
        std::string text(buffer.data(), static_cast<std::size_t>(size));
        different += disagreement(text);
        const std::size_t last = text.find_last_not_of('0', text.find('e') - 1);
        text[text.find('e') - 1] = '1';
        different += disagreement(text);
        if (text[last] > '0' && text[last] <= '9') {
            --text[last];
            different += disagreement(text);
        }
    }
    CHECK(different == "");
}

TEST_CASE("number: an integer is read in full or refused", "[core][number]") {
    constexpr auto largest = std::numeric_limits<std::int64_t>::max();
    constexpr auto smallest = std::numeric_limits<std::int64_t>::min();
    STATIC_REQUIRE(*parse_integer("0") == 0);
    STATIC_REQUIRE(*parse_integer("-0") == 0);
    STATIC_REQUIRE(*parse_integer("+17") == 17);
    STATIC_REQUIRE(*parse_integer("0017") == 17);
    STATIC_REQUIRE(*parse_integer("9223372036854775807") == largest);
    STATIC_REQUIRE(*parse_integer("-9223372036854775808") == smallest);
    STATIC_REQUIRE(*parse_integer("000000000000000000000000000000009") == 9);
    for (const std::string_view text : {"9223372036854775808",
                                        "-9223372036854775809",
                                        "18446744073709551617",
                                        "100000000000000000000000000000"}) {
        INFO(text);
        CHECK(parse_integer(exact_copy(text).view()).error() == errc::number_out_of_range);
    }
    for (const std::string_view text :
         {"", "+", "-", "--1", "1.0", "1e3", " 1", "1 ", "0x1", "99999999999999999999x"}) {
        INFO(text);
        CHECK(parse_integer(exact_copy(text).view()).error() == errc::bad_number);
    }
    STATIC_REQUIRE(parse_integer({}).error() == errc::bad_number);
}
