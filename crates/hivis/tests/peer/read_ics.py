"""Reads a calendar on standard input with icalendar and prints what is in it as JSON."""

import json
import sys

from icalendar import Calendar

data = sys.stdin.buffer.read()
calendar = Calendar.from_ical(data)
events = []
for event in calendar.walk("VEVENT"):
    alarms = [str(alarm.decoded("TRIGGER").days) for alarm in event.walk("VALARM")]
    events.append(
        {
            "uid": str(event["UID"]),
            "start": event.decoded("DTSTART").isoformat(),
            "end": event.decoded("DTEND").isoformat(),
            "stamp": event.decoded("DTSTAMP").isoformat(),
            "summary": str(event["SUMMARY"]),
            "description": str(event["DESCRIPTION"]),
            "alarms": alarms,
            "errors": [str(error) for error in event.errors],
        }
    )
print(json.dumps({"version": str(calendar["VERSION"]), "errors": [str(e) for e in calendar.errors], "events": events}))
