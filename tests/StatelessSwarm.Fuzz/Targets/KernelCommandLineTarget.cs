using System.Text;
using StatelessSwarm.Node.Booting;

namespace StatelessSwarm.Fuzz.Targets;

/// <summary>The kernel's command line, which DHCP and boot loaders write: every line has parameters, and at most a warning for each word.</summary>
internal sealed class KernelCommandLineTarget : FuzzTarget
{
    public override string Name => "kernel-command-line";

    public override IReadOnlyList<byte[]> Words =>
        WordsOf(" ", "=", "\"", " -- ", "root=stateless:", "sha256:", "web/stable", "rd.stateless.", "rd.stateless.seed=", "rd.stateless.peer=", "rd.stateless.update=before,", "rd.stateless.tmpfs=size=", "ip=", "::", "http://", "99999999999999999999");

    public override long MaxAllocated(int length) => 4 * 1024 * 1024 + 16384L * length;

    public override void Run(ReadOnlySpan<byte> input)
    {
        var line = KernelCommandLine.Parse(Encoding.Latin1.GetString(input));
        var (_, warnings) = BootParameterReader.Read(line);
        Require(warnings.Count <= 2 * line.Words.Count + 32, "warnings are as many as words");
        foreach (var value in line.All("ip"))
            _ = StaticAddress.TryParse(value);
    }

    public override IEnumerable<(string Name, byte[] Bytes)> Seeds()
    {
        yield return ("netboot", Encoding.ASCII.GetBytes("initrd=initrd.img root=stateless:web/stable rd.stateless.seed=http://10.0.0.1:8080/ rd.stateless.peer=10.0.0.2:6881 ip=10.0.0.9::10.0.0.1:24:::none quiet"));
        yield return ("pinned", Encoding.ASCII.GetBytes($"root=stateless:sha256:{new string('a', 64)} rd.stateless.tmpfs=size=50% \"rd.stateless.site=a b\" panic=30 -- single"));
    }
}
