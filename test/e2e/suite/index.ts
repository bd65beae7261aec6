/**
 * The mocha suite that runs inside VS Code's extension host, against the installed .vsix. Its results go out as one
 * line of JSON per test, which the runner outside reads (test/e2e/editor.test.ts).
 */
import Mocha from "mocha";
import { resultMark } from "../../../scripts/drive/suite-result.ts";

export async function run(): Promise<void> {
  const mocha = new Mocha({ ui: "bdd", timeout: 30_000, reporter: "min" });
  mocha.suite.emit(
    Mocha.Suite.constants.EVENT_FILE_PRE_REQUIRE,
    globalThis as unknown as Mocha.MochaGlobals,
    "",
    mocha,
  );
  await import("./contracts.suite.ts");
  const failures = await new Promise<number>((resolve) => {
    const runner = mocha.run(resolve);
    const report = (test: Mocha.Test, failure?: unknown) =>
      console.log(
        resultMark +
          JSON.stringify({
            title: test.fullTitle(),
            duration: test.duration ?? 0,
            failure:
              failure === undefined
                ? null
                : failure instanceof Error
                  ? (failure.stack ?? failure.message)
                  : JSON.stringify(failure),
          }),
      );
    runner.on(Mocha.Runner.constants.EVENT_TEST_PASS, (test) => report(test));
    runner.on(Mocha.Runner.constants.EVENT_TEST_FAIL, (test, error) => report(test, error));
    runner.on(Mocha.Runner.constants.EVENT_TEST_PENDING, (test) => report(test, "did not run"));
  });
  if (failures > 0) throw new Error(`${failures} tests failed`);
}
