import Glibc
import HTTPClient
import Synchronization
import Testing

@Suite("The resolver")
struct HostResolverTests {
  @Test("the system knows this machine, and no name that can't be")
  func system() async throws {
    let resolver = SystemResolver()
    let found = try await resolver.addresses(of: "localhost")
    #expect(!found.isEmpty && found.allSatisfy { !AddressScope.isPublic($0) })
    #expect(try await resolver.addresses(of: "127.0.0.1") == [IPAddress("127.0.0.1")])
    await #expect(throws: HostResolutionError.self) {
      try await resolver.addresses(of: "no-such-host.invalid")
    }
  }

  /// Answers once a test says so.
  private final class SlowNames: Sendable {
    let lock = Mutex(0)
    let isOpen = Atomic<Bool>(false)

    func look(_ host: String) -> Result<[IPAddress], HostResolutionError> {
      lock.withLock { $0 += 1 }
      while host == "slow", !isOpen.load(ordering: .acquiring) { _ = sched_yield() }
      return IPAddress("9.9.9.9").map { .success([$0]) } ?? .failure(.failed("none"))
    }

    var looks: Int { lock.withLock { $0 } }
  }

  @Test("a name that hangs holds up nobody else, is looked up once, and can be given up")
  func hanging() async throws {
    let names = SlowNames()
    let resolver = SystemResolver(limit: 2) { names.look($0) }
    let waiting = (0..<3).map { _ in Task { try await resolver.addresses(of: "slow") } }
    while names.looks == 0 { await Task.yield() }
    #expect(try await resolver.addresses(of: "quick").count == 1)
    let given = Task { try await resolver.addresses(of: "slow") }
    given.cancel()
    await #expect(throws: HostResolutionError.cancelled) { try await given.value }
    names.isOpen.store(true, ordering: .releasing)
    for task in waiting { #expect(try await task.value.count == 1) }
  }

  @Test("beyond the limit a name is refused at once")
  func limit() async throws {
    let names = SlowNames()
    let resolver = SystemResolver(limit: 1) { names.look($0) }
    let waiting = Task { try await resolver.addresses(of: "slow") }
    while names.looks == 0 { await Task.yield() }
    await #expect(throws: HostResolutionError.busy) {
      try await resolver.addresses(of: "quick")
    }
    names.isOpen.store(true, ordering: .releasing)
    _ = try await waiting.value
    #expect(try await resolver.addresses(of: "quick").count == 1)
  }
}
