/**
 * What an API key of Binance may do: less is better, and a key that may withdraw is refused. Pure;
 * may import domain only. Shape: `GET /sapi/v1/account/apiRestrictions` of the wallet API.
 */

import * as v from "valibot";
import { InputError } from "#domain/errors.ts";
import { parsed } from "../wire.ts";

const Permissions = v.object({
  ipRestrict: v.boolean(),
  enableReading: v.boolean(),
  enableSpotAndMarginTrading: v.optional(v.boolean(), false),
  enableFutures: v.optional(v.boolean(), false),
  enableWithdrawals: v.boolean(),
  /** Between the master account and its sub-accounts. */
  enableInternalTransfer: v.optional(v.boolean(), false),
  /** Between the wallets of the account. */
  permitsUniversalTransfer: v.optional(v.boolean(), false),
});

/**
 * @param json the answer of `apiRestrictions`
 * @param product what is to be traded
 * @returns what is not wrong but unwise, a sentence each
 * @throws {InputError} `key-may-withdraw`, `no-permission`; {ProtocolError}
 */
export function checkPermissions(json: unknown, product: "spot" | "futures"): readonly string[] {
  const key = parsed(Permissions, json, "apiRestrictions");
  if (key.enableWithdrawals) {
    throw new InputError("key-may-withdraw", "this API key may withdraw the account's funds", {
      hint:
        "make a key for mm without withdrawals and universal transfer, and bind it to this " +
        "machine's IP address",
    });
  }
  if (!key.enableReading) throw notPermitted("read the account", "Enable Reading");
  if (product === "spot" && !key.enableSpotAndMarginTrading) {
    throw notPermitted("trade on spot", "Enable Spot & Margin Trading");
  }
  if (product === "futures" && !key.enableFutures) {
    throw notPermitted("trade futures", "Enable Futures");
  }
  const warnings = new Array<string>();
  if (!key.ipRestrict) {
    warnings.push(
      "the API key works from any IP address: whoever gets hold of it can trade; bind it to " +
        "this machine's address",
    );
  }
  if (key.enableInternalTransfer || key.permitsUniversalTransfer) {
    warnings.push(
      "the API key may transfer funds between accounts and wallets, which mm never does; take " +
        "that permission from it",
    );
  }
  return warnings;
}

function notPermitted(action: string, permission: string): InputError {
  return new InputError("no-permission", `this API key may not ${action}`, {
    hint: `give it "${permission}" at the venue's API management, and no more than it needs`,
  });
}
