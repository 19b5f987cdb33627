using System.Globalization;
using System.Text;

namespace StatelessSwarm.Cli.Booting.Initramfs;

/// <summary>
/// Writes a cpio archive in the format the kernel unpacks (Documentation/driver-api/early-userspace/buffer-format.rst, "newc"):
/// <c>070701</c> and 13 numbers of 8 hexadecimal digits, name, data, each padded to 4 bytes; the last entry is
/// <c>TRAILER!!!</c>. Everything belongs to root and has the same time, so that equal files give equal bytes.
/// </summary>
/// <param name="output">Receives the archive; not disposed.</param>
/// <param name="timeStamp">Time of every entry, seconds since 1970.</param>
internal sealed class CpioWriter(Stream output, uint timeStamp)
{
    private const uint Directory = 0x4000;
    private const uint Regular = 0x8000;
    private const uint Link = 0xA000;

    private readonly HashSet<string> _directories = [];
    private long _written;
    private uint _inode;

    /// <summary>A directory, and those above it; fine when it is there.</summary>
    public void AddDirectory(string path)
    {
        var name = path.Trim('/');
        if (name.Length == 0 || !_directories.Add(name))
            return;
        if (Path.GetDirectoryName(name) is { Length: > 0 } parent)
            AddDirectory(parent);
        Write(name, Directory | 0x1ed, [], 0);
    }

    /// <summary>A regular file.</summary>
    public void AddFile(string path, ReadOnlySpan<byte> bytes, UnixFileMode mode)
    {
        AddDirectory(Path.GetDirectoryName(path) ?? "");
        Write(path.Trim('/'), Regular | (uint)mode, bytes, (uint)bytes.Length);
    }

    /// <summary>A symbolic link.</summary>
    public void AddLink(string path, string target)
    {
        AddDirectory(Path.GetDirectoryName(path) ?? "");
        var text = Encoding.UTF8.GetBytes(target);
        Write(path.Trim('/'), Link | 0x1ff, text, (uint)text.Length);
    }

    /// <summary>Ends the archive, padded to 512 bytes.</summary>
    public void Finish()
    {
        Write("TRAILER!!!", 0, [], 0);
        Pad(512);
    }

    private void Write(string name, uint mode, ReadOnlySpan<byte> data, uint length)
    {
        var bytes = Encoding.UTF8.GetBytes(name);
        var links = (mode & 0xF000) == Directory ? 2u : 1u;
        var inode = mode == 0 ? 0 : ++_inode;
        ReadOnlySpan<uint> fields = [inode, mode, 0, 0, links, timeStamp, length, 0, 0, 0, 0, (uint)bytes.Length + 1, 0];
        var header = new StringBuilder("070701", 110);
        foreach (var field in fields)
            header.Append(CultureInfo.InvariantCulture, $"{field:x8}");
        Put(Encoding.ASCII.GetBytes(header.ToString()));
        Put(bytes);
        Put([0]);
        Pad(4);
        Put(data);
        Pad(4);
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        output.Write(bytes);
        _written += bytes.Length;
    }

    private void Pad(int to)
    {
        Span<byte> zeros = stackalloc byte[512];
        zeros.Clear();
        Put(zeros[..(int)((to - (_written % to)) % to)]);
    }
}
