using System.Security.Cryptography;
using System.Text;
using StatelessSwarm.Trust.Durability;

namespace StatelessSwarm.Trust.Client;

/// <summary>
/// A remembered fact on disk: 8 magic bytes <c>SSTRUST1</c>, the SHA-256 (32 bytes) of the body, the body. The check finds
/// rot and torn writes; it is no signature: who can write here can make the machine forget, not believe.
/// </summary>
internal sealed class StateFile
{
    private const int HeadBytes = 8 + SHA256.HashSizeInBytes;

    private readonly string _path;
    private readonly int _maxBodyBytes;
    private readonly DurableFiles _files;

    public StateFile(string path, int maxBodyBytes, DurableFiles files)
    {
        _path = path;
        _maxBodyBytes = maxBodyBytes;
        _files = files;
    }

    private static ReadOnlySpan<byte> Magic => "SSTRUST1"u8;

    /// <summary>The body, or null when there is no file.</summary>
    /// <exception cref="TrustException">The file is damaged: names it and what to do.</exception>
    public byte[]? Read()
    {
        if (!File.Exists(_path))
            return null;
        using var file = new FileStream(_path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1);
        var bytes = new byte[HeadBytes + _maxBodyBytes + 1];
        var count = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        if (count < HeadBytes || count == bytes.Length || !bytes.AsSpan().StartsWith(Magic))
            throw Damaged("not a state file of this program");
        var body = bytes.AsSpan(HeadBytes, count - HeadBytes);
        if (!SHA256.HashData(body).AsSpan().SequenceEqual(bytes.AsSpan(Magic.Length, SHA256.HashSizeInBytes)))
            throw Damaged("its check does not match");
        return body.ToArray();
    }

    /// <summary>Replaces the body, durably.</summary>
    public void Write(ReadOnlySpan<byte> body)
    {
        var temporary = _path + ".new";
        _files.EnsureDirectory(Path.GetDirectoryName(_path)!);
        File.Delete(temporary);
        _files.Replace(_path, temporary, [.. Magic, .. SHA256.HashData(body), .. body]);
    }

    /// <summary>A refusal to go on from a damaged file.</summary>
    public TrustException Damaged(string problem, Exception? inner = null)
    {
        var message = new StringBuilder()
            .Append(_path)
            .Append(": ")
            .Append(problem)
            .Append("; remove it to forget what this machine has seen and start again from the shipped root.")
            .ToString();
        return inner is null
            ? new TrustException(TrustFault.Malformed, message)
            : new TrustException(TrustFault.Malformed, message, inner);
    }
}
