using System.Text;

namespace StatelessSwarm.Cli.Booting;

/// <summary>
/// The kernel's log (/dev/kmsg: one write is one record): bounded in memory, and the journal of the new root picks it up.
/// </summary>
internal sealed class KernelLog : TextWriter
{
    private const string DevicePath = "/dev/kmsg";

    /// <summary>Records are cut by the kernel near 1,000 bytes (LOG_LINE_MAX).</summary>
    private const int MaxLine = 900;

    private readonly FileStream? _device = File.Exists(DevicePath) ? new FileStream(DevicePath, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 1) : null;

    /// <inheritdoc/>
    public override Encoding Encoding => Encoding.UTF8;

    /// <inheritdoc/>
    public override void Write(char value)
    {
        // whole lines only
    }

    /// <inheritdoc/>
    public override void WriteLine(string? value)
    {
        var line = value ?? "";
        _device?.Write(Encoding.UTF8.GetBytes($"<6>stateless: {(line.Length > MaxLine ? line[..MaxLine] : line)}\n"));
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _device?.Dispose();
        base.Dispose(disposing);
    }
}
