import ChainTypes
import HTTPServer
import JSON
import Tenancy
import Testing

@Suite("parts of the server")
struct PartsTests {
  @Test("a rate limiter's memory is bounded whoever asks")
  func boundedLimiter() async {
    let limiter = RateLimiter(RateLimit(burst: 1, perMinute: 1), keyLimit: 10)
    let now = Timestamp(seconds: 0)
    for number in 0..<1_000 { #expect(await limiter.take(String(number), now: now) == nil) }
    #expect(limiter.bucketCount <= 20)
    #expect(await limiter.take("999", now: now) == 60)
  }

  @Test("an API key shows only its beginning, and its digest isn't its text")
  func apiKey() {
    let key = APIKey.generate()
    #expect(key.text.utf8.count == 68)
    #expect(!"\(key)".contains(key.text))
    #expect(APIKey.digest(ofPresented: key.text) == key.digest)
    #expect(APIKey.digest(ofPresented: "pwk_short") == nil)
  }

  @Test(
    "dates are those of HTTP",
    arguments: [
      (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
      (1_709_164_800, "Thu, 29 Feb 2024 00:00:00 GMT"),
    ])
  func dates(second: Int64, text: String) {
    #expect(HTTPDate.format(second: second) == text)
  }
}
