using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using StatelessSwarm.Content;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Trust.Durability;

namespace StatelessSwarm.Trust.Keys;

/// <summary>
/// Keys on disk. ASCII, four lines, each ended by one LF; strict, so that the same key is always the same bytes.
/// <code>
/// stateless-signing-key-v1            stateless-public-key-v1
/// id {64 hex digits}                  id {64 hex digits}
/// seed {64 hex digits}                key {64 hex digits}
/// check {64 hex digits}               check {64 hex digits}
/// </code>
/// <c>id</c> is <see cref="PublicKey.Id"/>; <c>check</c> is the SHA-256 of the three lines before it, against rot and
/// truncation. Errors never quote the file: it may hold a secret.
/// </summary>
internal static class KeyFile
{
    /// <summary>Larger than any key file; what is longer is not one.</summary>
    private const int MaxBytes = 1024;

    private const string SigningMagic = "stateless-signing-key-v1";
    private const string PublicMagic = "stateless-public-key-v1";
    private const string CheckLabel = "check ";
    private const int HexDigits = 2 * Sha256Digest.Size;

    private static readonly SearchValues<byte> LowerHexDigits = SearchValues.Create("0123456789abcdef"u8);

    /// <summary>Owner only.</summary>
    public const UnixFileMode SigningMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Everyone may read.</summary>
    public const UnixFileMode PublicMode = SigningMode | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    public static byte[] Encode(SigningKey key) => Encode(SigningMagic, key.PublicKey.Id, "seed", key.Seed);

    public static byte[] Encode(PublicKey key) => Encode(PublicMagic, key.Id, "key", key.Bytes.Span);

    public static bool IsSigningKey(ReadOnlySpan<byte> text) => text.StartsWith(Encoding.ASCII.GetBytes(SigningMagic));

    public static SigningKey DecodeSigningKey(string path, ReadOnlySpan<byte> text)
    {
        var (id, seed) = Decode(path, text, SigningMagic, "seed", "a signing key");
        var key = SigningKey.FromSeed(seed);
        CryptographicOperations.ZeroMemory(seed);
        if (key.PublicKey.Id != id)
            throw new ContentException($"{path}: line 2: the id is not that of the seed.");
        return key;
    }

    public static PublicKey DecodePublicKey(string path, ReadOnlySpan<byte> text)
    {
        var (id, bytes) = Decode(path, text, PublicMagic, "key", "a public key");
        if (!PublicKey.TryCreate(bytes, out var key))
            throw new ContentException($"{path}: line 3: not a canonical Ed25519 point of the prime-order subgroup.");
        if (key.Id != id)
            throw new ContentException($"{path}: line 2: the id is not that of the key.");
        return key;
    }

    public static byte[] Read(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1);
            var text = new byte[MaxBytes + 1];
            var count = file.ReadAtLeast(text, text.Length, throwOnEndOfStream: false);
            if (count > MaxBytes)
                throw new ContentException($"{path}: not a key file: longer than {MaxBytes} bytes.");
            return text[..count];
        }
        catch (UnauthorizedAccessException fault)
        {
            throw new IOException($"{path}: no permission to read the key file.", fault);
        }
    }

    public static void RefuseWhenOpenToAll(string path)
    {
        if (OperatingSystem.IsWindows() || !File.Exists(path))
            return;
        const UnixFileMode open = UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        if ((File.GetUnixFileMode(path) & open) != UnixFileMode.None)
            throw new IOException($"{path}: the signing key is open to every user; chmod 600 it first.");
    }

    public static void Write(string path, byte[] text, UnixFileMode mode)
    {
        try
        {
            using (var file = DurableFiles.Default.CreateNew(path, mode))
            {
                file.Write(text);
                DurableFiles.Default.Flush(file);
            }
            DurableFiles.Default.SyncDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        }
        catch (UnauthorizedAccessException fault)
        {
            throw new IOException($"{path}: no permission to write the key file.", fault);
        }
        catch (IOException fault) when (File.Exists(path))
        {
            throw new IOException($"{path}: exists already, or could not be written: {fault.Message}", fault);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(text);
        }
    }

    private static byte[] Encode(string magic, Sha256Digest id, string label, ReadOnlySpan<byte> secret)
    {
        var covered = Encoding.ASCII.GetBytes($"{magic}\nid {id}\n{label} {Convert.ToHexStringLower(secret)}\n");
        var check = Encoding.ASCII.GetBytes($"{CheckLabel}{Sha256Digest.HashData(covered)}\n");
        byte[] text = [.. covered, .. check];
        CryptographicOperations.ZeroMemory(covered);
        return text;
    }

    private static (Sha256Digest Id, byte[] Value) Decode(
        string path,
        ReadOnlySpan<byte> text,
        string magic,
        string label,
        string kind
    )
    {
        var line = Encoding.ASCII.GetBytes(magic + "\n");
        if (!text.StartsWith(line))
            throw new ContentException($"{path}: line 1: not the file of {kind}: expected {magic}.");
        var at = line.Length;
        var id = ReadHex(path, text, ref at, 2, "id");
        var value = ReadHex(path, text, ref at, 3, label);
        var covered = text[..at];
        var check = ReadHex(path, text, ref at, 4, "check");
        if (at != text.Length)
            throw new ContentException($"{path}: bytes after line 4.");
        if (!Sha256Digest.HashData(covered).AsSpan().SequenceEqual(check))
            throw new ContentException($"{path}: line 4: the check does not match: the file is damaged.");
        return (new Sha256Digest(id), value);
    }

    private static byte[] ReadHex(string path, ReadOnlySpan<byte> text, ref int at, int line, string label)
    {
        var rest = text[at..];
        var head = Encoding.ASCII.GetBytes(label + " ");
        var length = head.Length + HexDigits + 1;
        if (rest.Length < length || !rest.StartsWith(head) || rest[length - 1] != (byte)'\n')
            throw new ContentException($"{path}: line {line}: expected '{label}' and {HexDigits} hexadecimal digits.");
        var digits = rest.Slice(head.Length, HexDigits);
        if (digits.ContainsAnyExcept(LowerHexDigits))
            throw new ContentException($"{path}: line {line}: expected lower-case hexadecimal digits.");
        at += length;
        return Convert.FromHexString(digits);
    }
}
