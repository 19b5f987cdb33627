using System.Text;

namespace StatelessSwarm.Platform.Mounts;

/// <summary>
/// <c>/proc/self/mountinfo</c> (proc_pid_mountinfo(5)): <c>id parent major:minor root mount-point options [fields] - type
/// source super-options</c>; space, tab, newline and backslash are written as octal escapes.
/// </summary>
public static class MountTable
{
    private const string Path = "/proc/self/mountinfo";

    /// <summary>The mounts this process sees, oldest first; of several on one mount point the last is on top.</summary>
    public static IReadOnlyList<MountEntry> Read() => Parse(File.ReadAllText(Path));

    /// <summary>Reads a table; lines that are not of the documented shape are an error, for the kernel writes none.</summary>
    /// <exception cref="FormatException">Names the line.</exception>
    public static IReadOnlyList<MountEntry> Parse(string text)
    {
        var entries = new List<MountEntry>();
        var number = 0;
        foreach (var line in text.Split('\n'))
        {
            number++;
            if (line.Length == 0)
                continue;
            var fields = line.Split(' ');
            var dash = Array.IndexOf(fields, "-", Math.Min(6, fields.Length));
            if (dash < 0 || fields.Length < dash + 4)
                throw new FormatException($"{Path}: line {number}: expected '... - type source options'");
            var superOptions = fields[dash + 3];
            entries.Add(
                new MountEntry(
                    Unescape(fields[4]),
                    Unescape(fields[dash + 1]),
                    Unescape(fields[dash + 2]),
                    Unescape(superOptions),
                    IsReadOnly(fields[5]) || IsReadOnly(superOptions)
                )
            );
        }
        return entries;
    }

    private static bool IsReadOnly(string options) =>
        options == "ro" || options.StartsWith("ro,", StringComparison.Ordinal);

    // Names are bytes: an escape inside a UTF-8 sequence never occurs, since all escaped characters are ASCII.
    private static string Unescape(string field)
    {
        if (!field.Contains('\\', StringComparison.Ordinal))
            return field;
        var result = new StringBuilder(field.Length);
        for (var i = 0; i < field.Length; i++)
        {
            if (field[i] == '\\' && i + 3 < field.Length && TryOctal(field.AsSpan(i + 1, 3), out var character))
            {
                result.Append(character);
                i += 3;
            }
            else
            {
                result.Append(field[i]);
            }
        }
        return result.ToString();
    }

    private static bool TryOctal(ReadOnlySpan<char> digits, out char character)
    {
        var value = 0;
        foreach (var digit in digits)
        {
            if (digit is < '0' or > '7')
            {
                character = default;
                return false;
            }
            value = (value * 8) + (digit - '0');
        }
        character = (char)value;
        return value < 128;
    }
}
