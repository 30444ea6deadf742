import Database
import LocalServers
import PostgreSQL
import TestSupport
import Testing

@Suite("PostgreSQL over TLS")
struct TLSTests {
  /// The error of a database that is reached as these words say.
  private func refusal(_ words: String) async throws -> String {
    var options = PostgresOptions(connection: words)
    options.connectPatienceMilliseconds = 100
    let database = PostgresDatabase(options: options)
    var found = "none"
    do {
      try await database.check()
    } catch DatabaseError.connectionLost(let message, commitIsUnknown: false) {
      found = message
    }
    try await database.close()
    return found
  }

  @Test("a server is believed by its certificate alone, and what it refuses is said as it is")
  func verification() async throws {
    let directory = try TemporaryDirectory()
    let right = try await LocalCertificate.make(in: directory.path(""))
    let wrong = try await LocalCertificate.make(in: directory.path(""), name: "other")
    var options = PostgresServer.Options()
    options.certificate = right
    let server = try await PostgresServer.start(
      directory: directory.path("server"), options: options)
    let uri = try await server.makeDatabase("sealed")
    let database = PostgresDatabase(
      options: PostgresOptions(
        connection: "\(uri)?sslmode=verify-full&sslrootcert=\(right.certificate)"))
    try await database.check()
    let session = try await database.read {
      try $0.queryFirst(
        "SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl")
    }
    #expect(try session?.text("version") == "TLSv1.3")
    try await database.write { try $0.execute("CREATE TABLE t (x BIGINT)") }
    try await database.close()

    let others = [
      ("sslmode=verify-full&sslrootcert=\(wrong.certificate)", "certificate verify failed"),
      ("sslmode=verify-ca&sslrootcert=\(wrong.certificate)", "certificate verify failed"),
      ("sslmode=verify-full&sslrootcert=\(directory.path("no.crt"))", "does not exist"),
      ("sslmode=disable", "no encryption"),
    ]
    for (words, reason) in others {
      let message = try await refusal("\(uri)?\(words)")
      #expect(message.contains(reason), "\(words): \(message)")
    }
    // The right certificate, of another host.
    let elsewhere =
      uri.replacing("127.0.0.1", with: "elsewhere.test")
      + "?hostaddr=127.0.0.1&sslrootcert=\(right.certificate)"
    let message = try await refusal(elsewhere + "&sslmode=verify-full")
    #expect(message.contains("does not match host name"), "\(message)")
    #expect(try await refusal(elsewhere + "&sslmode=verify-ca") == "none")
    await server.stop()
  }
}
