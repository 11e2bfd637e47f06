import filecmp
import glob
import os
import shutil
import sys

a, b = sys.argv[1:]
n = 0
for nbi in glob.glob(a + "/src/**/__pycache__/*.nbi", recursive=True) + glob.glob(
    a + "/src/**/__pycache__/*.nbc", recursive=True
):
    d = os.path.dirname(os.path.dirname(nbi))
    mod = os.path.basename(nbi).split(".")[0]
    src = os.path.join(d, mod.split("-")[0] + ".py")
    dst = src.replace(a, b, 1)
    if os.path.exists(src) and os.path.exists(dst) and filecmp.cmp(src, dst, False):
        t = nbi.replace(a, b, 1)
        os.makedirs(os.path.dirname(t), exist_ok=True)
        if True:
            shutil.copy2(nbi, t)
            n += 1
        s = os.stat(src)
        os.utime(dst, ns=(s.st_atime_ns, s.st_mtime_ns))
    else:
        print("differs", dst)
print(n)
