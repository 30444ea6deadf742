internal import Database

/// What an account's addresses are for.
package enum AccountPurpose: String, Sendable, Hashable, CaseIterable {
  /// They are handed out, one for each payment.
  case payments
  /// They are our own: change, sweeps, and on EVM chains what refunds are paid from. On the branch
  /// beside the payments' (2e + 1 in restore epoch e).
  case treasury
}

/// The column that tells accounts for payments and for the treasury apart.
enum TreasuryAccounts {
  static func statements(_ dialect: SQLDialect) -> [String] {
    let condition = "purpose IN ('payments', 'treasury')"
    switch dialect {
    case .postgreSQL:
      return [
        """
        ALTER TABLE accounts ADD COLUMN purpose TEXT NOT NULL DEFAULT 'payments'
          CHECK (\(condition))
        """,
        "ALTER TABLE accounts DROP CONSTRAINT accounts_tenant_family_region_epoch_key",
        """
        ALTER TABLE accounts ADD CONSTRAINT accounts_by_purpose
          UNIQUE (tenant, family, region, epoch, purpose)
        """,
        "GRANT SELECT (purpose) ON accounts TO \(RowSecurity.tenantRole)",
      ]
    case .sqlite:
      // A UNIQUE constraint can't be changed in place. Rows that refer to accounts find them again
      // before the transaction ends, which is when SQLite looks.
      return [
        "PRAGMA defer_foreign_keys = ON",
        "CREATE TEMP TABLE kept_accounts AS SELECT * FROM accounts",
        "DROP TABLE accounts",
        dialect.createTable(
          "accounts",
          """
            account_id \(dialect.generatedKey),
            tenant TEXT NOT NULL,
            family TEXT NOT NULL,
            region TEXT NOT NULL,
            epoch \(dialect.integer) NOT NULL CHECK (epoch >= 0),
            descriptor TEXT NOT NULL UNIQUE,
            next_index \(dialect.integer) NOT NULL CHECK (next_index BETWEEN 0 AND 2147483648),
            purpose TEXT NOT NULL DEFAULT 'payments' CHECK (\(condition)),
            UNIQUE (tenant, family, region, epoch, purpose)
          """),
        """
        INSERT INTO accounts
          (account_id, tenant, family, region, epoch, descriptor, next_index)
        SELECT account_id, tenant, family, region, epoch, descriptor, next_index
        FROM kept_accounts
        """,
        "DROP TABLE kept_accounts",
      ]
    }
  }
}
