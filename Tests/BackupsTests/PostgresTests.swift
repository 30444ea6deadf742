import Database
import Foundation
import Payments
import Settlement
import TestDatabases
import TestSupport
import Testing

@testable import Backups

@Suite("Backups of PostgreSQL")
struct PostgresTests {
  @Test("payments of a server that had counted its transactions further are shown at once")
  func transactionNumbers() async throws {
    let place = try await BackedUp(.postgreSQL)
    let (backup, payment) = try await place.running { shop in
      let payment = try await shop.pay(1)
      try await shop.database.write {
        try $0.execute("UPDATE payments SET transaction_id = '4611686018427387904'")
      }
      #expect(try await shop.payments().isEmpty)
      return (try await place.backUp(), payment)
    }
    let restored = try await OwnDatabase(.postgreSQL)
    try await BackedUp.restore(backup, to: restored, Restoration(lookAhead: 1))
    try await BackedUp.running(on: restored, epoch: 1) { shop in
      #expect(try await shop.payments() == [payment.terms.id])
      try await shop.pay(2)
      try await shop.sequence()
    }
  }

  @Test("a database whose restore was cut off is started by nobody, and can be restored into")
  func cutOff() async throws {
    let place = try await BackedUp(.postgreSQL)
    try await place.running { _ in }
    let backup = try await place.backUp()
    let target = try await OwnDatabase(.postgreSQL)
    let database = try target.open()
    struct Stopped: Error {}
    await #expect(throws: Stopped.self) {
      try await PostgresBackup.restore(
        backup, to: target.location, Restoration(), migrate: { _ in throw Stopped() })
    }
    await #expect(throws: RestoreEpoch.Mismatch.restoreUnfinished) {
      _ = try await Shop(database, epoch: 1)
    }
    await #expect(throws: BackupError.self) { try await BackedUp.restore(backup, to: target) }
    // Emptied but for the table that tells of it.
    let tables = try await database.read { try $0.tableNames() }
    try await database.write { connection in
      for table in tables where table != RestoreEpoch.unfinishedTable {
        try connection.execute("DROP TABLE \(table) CASCADE")
      }
    }
    try await BackedUp.restore(backup, to: target, Restoration(lookAhead: 1))
    _ = try await Shop(database, epoch: 1)
    try await database.close()
  }

  @Test(
    "the password stands in no argument",
    arguments: [
      ("postgresql://u:p%40s@h:1/d?sslmode=require", "postgresql://u@h:1/d?sslmode=require", "p@s"),
      ("postgresql://u@h/d?password=x%2Fy&a=b", "postgresql://u@h/d?a=b", "x/y"),
      ("postgresql://u:@h/d?password=z", "postgresql://u@h/d", "z"),
      (
        "postgres://h1:1,h2:2/d?target_session_attrs=any",
        "postgres://h1:1,h2:2/d?target_session_attrs=any", nil
      ),
      ("postgresql:///d?host=%2Frun%2Fpg", "postgresql:///d?host=%2Frun%2Fpg", nil),
      ("postgresql://u:a:b@[::1]:5/d", "postgresql://u@[::1]:5/d", "a:b"),
    ] as [(String, String, String?)])
  func passwords(uri: String, without: String, password: String?) {
    let location = PostgresLocation(uri)
    #expect(location.uri == without)
    #expect(location.password == password)
  }

  @Test("a program that isn't there, or is older than the server, is named with its package")
  func programs() throws {
    #expect(throws: BackupError.programMissing("pg_nothing")) {
      try PostgresProgram.find("pg_nothing", forServer: 15)
    }
    let found = try PostgresProgram.find("pg_dump", forServer: 15)
    #expect(found.version >= 15)
    let error = #expect(throws: BackupError.self) {
      try PostgresProgram.find("pg_dump", forServer: 999)
    }
    #expect("\(try #require(error))".contains("apt-get install postgresql-client-999"))
    #expect(PostgresProgram.version(in: "pg_dump (PostgreSQL) 15.14 (Debian 15.14-0)") == 15)
    #expect(PostgresProgram.version(in: "pg_dump (PostgreSQL) 18beta1") == 18)
    #expect(PostgresProgram.version(in: "nothing") == nil)
  }
}
