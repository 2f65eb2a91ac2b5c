// What TaoStats' own client makes of a server: `node ask.cjs MODULES BASE KEY HOTKEY` prints one line of JSON.
const { createRequire } = require("node:module");
const [modules, baseUrl, apiKey, hotkey] = process.argv.slice(2);
const load = createRequire(`${modules}/node_modules/x.js`);
const { TaoStatsClient } = load("@taostats/sdk");

async function main() {
  const client = new TaoStatsClient({ apiKey, baseUrl, retries: 1, timeout: 5000 });
  const latest = await client.metagraph.getLatest({ netuid: 72, hotkey });
  const all = await client.metagraph.getLatest({ netuid: 72, limit: 1024 });
  const history = await client.metagraph.getHistory({ netuid: 72, hotkey });
  const subnets = await client.subnets.getSubnets({ netuid: 72 });
  const price = await client.taoPrices.getTaoPrice({ asset: "tao" });
  let refused = null;
  try {
    await new TaoStatsClient({ apiKey: "wrong", baseUrl, retries: 1 }).metagraph.getLatest({ netuid: 72 });
  } catch (error) {
    refused = { status: error.statusCode, message: error.message };
  }
  console.log(JSON.stringify({ latest: latest.data, all: all.data, history: history.data, subnets: subnets.data, price: price.data, refused }));
  process.exit(0);
}
main().catch((error) => { console.error(error); process.exit(1); });
