"""Hands to Weights & Biases what hivis writes on standard input, one JSON object a line.

Answers on standard output, a line each: `ready PLACE` for the first event, `ok` for every other one, or `error WHY` and
the end. The one argument is a JSON object of settings.
"""
import sys

# `python -c` looks for modules in the current folder first, where anything may lie.
sys.path[:] = [place for place in sys.path if place]

import json
import os
import signal

# Copies that wandb's own service does not inherit. What wandb prints is no answer: it goes to standard error.
events = os.fdopen(os.dup(0), "r", encoding="utf-8")
answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
os.dup2(2, 1)


def answer(text):
    try:
        print(" ".join(text.split()), file=answers, flush=True)
    except OSError:
        # hivis is gone; the run still ends properly.
        pass


def numbers(values):
    # JSON has no NaN: hivis writes null.
    return {name: float("nan") if value is None else value for name, value in values.items()}


def main():
    settings = json.loads(sys.argv[1])
    start = json.loads(events.readline())
    import wandb

    run = wandb.init(
        project=settings["project"],
        entity=settings["entity"],
        mode=settings["mode"],
        dir=os.environ.get("WANDB_DIR") or settings["folder"],
        name=start["run"],
        config=start["config"],
        tags=start["tags"],
        settings=wandb.Settings(silent=True, console="off", disable_code=True, disable_git=True),
    )
    answer("ready " + (run.url or os.path.dirname(run.dir)))
    code = 1
    for line in events:
        event = json.loads(line)
        if event["event"] == "finish":
            code = 0 if event["status"] == "finished" else 1
            break
        if event["event"] == "metrics":
            run.log(numbers(event["values"]), step=event["step"])
        else:
            run.summary.update(numbers(event["values"]))
        answer("ok")
    # hivis kills sooner, if it still lives.
    signal.alarm(settings["finish_within_s"] + 5)
    run.finish(exit_code=code)
    answer("ok")


try:
    main()
except Exception as error:
    answer(f"error {type(error).__name__}: {error}")
    sys.exit(1)
