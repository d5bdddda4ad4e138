# Runs `fairlead top` on a terminal of its own. Once it shows a screen, ends it by a key or a signal, and tells as JSON how
# the terminal was set before and after, all that was written to it, and the exit code.
import json, os, pty, select, signal, subprocess, sys, termios, time

end, base = sys.argv[1:3]
command = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../../bin/fairlead.js')
main, side = pty.openpty()
before = termios.tcgetattr(side)
environment = {**os.environ, 'TERM': 'xterm-256color', 'FAIRLEAD_ADMIN': base}
child = subprocess.Popen(
    ['node', command, 'top'], stdin=side, stdout=side, stderr=side, env=environment, start_new_session=True
)
text = b''
asked = False
until = time.monotonic() + 15
while time.monotonic() < until:
    ready, _, _ = select.select([main], [], [], 0.05)
    if ready:
        text += os.read(main, 65536)
    elif child.poll() is not None:
        break
    if not asked and '▶'.encode() in text:
        asked = True
        if len(end) == 1:
            os.write(main, end.encode())
        else:
            child.send_signal(getattr(signal, 'SIG' + end))
if child.poll() is None:
    child.kill()
after = termios.tcgetattr(side)
characters = lambda settings: [*settings[:6], [str(each) for each in settings[6]]]
print(json.dumps({
    'before': characters(before),
    'after': characters(after),
    'text': text.decode(),
    'code': child.wait(),
}))
