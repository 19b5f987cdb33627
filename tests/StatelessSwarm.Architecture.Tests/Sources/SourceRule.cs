using System.Text.RegularExpressions;

namespace StatelessSwarm.Architecture.Tests.Sources;

/// <summary>Something a source file must keep.</summary>
/// <param name="Name">What the rule keeps, in words.</param>
/// <param name="Find">The violations in one file, each naming the line where there is one.</param>
internal sealed partial record SourceRule(string Name, Func<SourceFile, IEnumerable<string>> Find)
{
    /// <summary>Where a file is split by concept, whatever it holds.</summary>
    public const int MaxLines = 800;

    private static readonly string[] Kinds =
        ["Helpers", "Helper", "Utils", "Util", "Utilities", "Common", "Models", "Interfaces", "Misc", "Shared", "Core", "Base"];

    /// <summary>All rules.</summary>
    public static readonly IReadOnlyList<SourceRule> All =
    [
        new("a folder is a concept, not a kind", FolderKind),
        new("no file over 800 lines", TooLong),
        new("file-scoped namespaces equal folders", WrongNamespace),
        new("no unfinished work", file => Matches(file, Unfinished())),
        new("no blocking sleep", file => CSharpMatches(file, Sleep())),
        new("no async method that cannot be awaited", file => CSharpMatches(file, AsyncVoid())),
        new("no test that is left out", file => CSharpMatches(file, LeftOut())),
        new("no path of one machine", file => Matches(file, MachinePath())),
        new("unsafe code only in Platform", UnsafeCode),
    ];

    /// <summary>The violations in one file.</summary>
    public IEnumerable<string> Check(SourceFile file) => Find(file).Select(what => $"{file.Path}{what}: {Name}");

    public override string ToString() => Name;

    private static IEnumerable<string> FolderKind(SourceFile file) =>
        file.Path.Split('/')[..^1].Where(part => Kinds.Contains(part, StringComparer.OrdinalIgnoreCase)).Select(part => $" (folder {part})");

    private static IEnumerable<string> TooLong(SourceFile file) =>
        file.LineCount > MaxLines && !file.Path.EndsWith(".md", StringComparison.Ordinal) ? [$" ({file.LineCount} lines)"] : [];

    private static IEnumerable<string> WrongNamespace(SourceFile file)
    {
        string[] parts = file.Path.Split('/');
        if (!file.IsCSharp || parts.Length < 3 || parts[0] is not ("src" or "tests" or "tools"))
        {
            return [];
        }

        string wanted = string.Join('.', parts[1..^1]);
        Match found = FileScopedNamespace().Match(file.Text);
        return !found.Success ? (DeclaresType().IsMatch(file.Text) ? [" (no file-scoped namespace)"] : [])
            : found.Groups["name"].Value == wanted ? []
            : [$" (namespace {found.Groups["name"].Value}, the folder says {wanted})"];
    }

    private static IEnumerable<string> UnsafeCode(SourceFile file) =>
        file.Path.StartsWith("src/", StringComparison.Ordinal) && !file.Path.StartsWith("src/StatelessSwarm.Platform/", StringComparison.Ordinal)
            ? Matches(file, UnsafeKeyword())
            : [];

    private static IEnumerable<string> CSharpMatches(SourceFile file, Regex pattern) => file.IsCSharp ? Matches(file, pattern) : [];

    private static IEnumerable<string> Matches(SourceFile file, Regex pattern)
    {
        string[] lines = file.Text.Split('\n');
        for (int index = 0; index < lines.Length; index++)
        {
            Match found = pattern.Match(lines[index]);
            if (found.Success)
            {
                yield return $":{index + 1} ({found.Value.Trim()})";
            }
        }
    }

    // A letter in brackets keeps each pattern from finding itself.
    [GeneratedRegex(@"^namespace (?<name>[\w.]+);", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex FileScopedNamespace();

    [GeneratedRegex(@"^\s*(\w+ )*(class|struct|interface|enum|record|delegate) ", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex DeclaresType();

    [GeneratedRegex(@"\b[T]ODO\b|\b[F]IXME\b|\b[H]ACK\b|\b[N]otImplementedException\b", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Unfinished();

    [GeneratedRegex(@"\bThread[.]Sleep\b", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Sleep();

    [GeneratedRegex(@"\basync[ ]void\b", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex AsyncVoid();

    [GeneratedRegex(@"\b[S]kip(When|Unless)? ?= ?(""|nameof)|\bAssert[.]Skip|[E]xplicit ?= ?true|Assert[.]True\(true", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex LeftOut();

    [GeneratedRegex(@"(?<![\w/.])/(work/|home/\w+/|root/\w)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex MachinePath();

    [GeneratedRegex(@"^\s*[^/""]*\b[u]nsafe\s+(static|struct|class|partial|ref|\{|[a-z])|AllowUnsafe[B]locks", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex UnsafeKeyword();
}
