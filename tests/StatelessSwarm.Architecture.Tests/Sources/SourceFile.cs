namespace StatelessSwarm.Architecture.Tests.Sources;

/// <summary>A text file of the repository.</summary>
/// <param name="Path">Path relative to the root, '/' between.</param>
/// <param name="Text">Its text.</param>
internal sealed record SourceFile(string Path, string Text)
{
    public bool IsCSharp => Path.EndsWith(".cs", StringComparison.Ordinal);

    public int LineCount => Text.AsSpan().Count('\n') + (Text.EndsWith('\n') || Text.Length == 0 ? 0 : 1);

    /// <summary>Every file people wrote: C#, Python, shell, JSON and Markdown.</summary>
    public static IEnumerable<SourceFile> All() =>
        new[] { "src", "tests", "tools", "testbed", "docs", ".ci" }
            .SelectMany(folder => Repository.Files(folder, "*"))
            .Where(IsWritten)
            .Select(path => new SourceFile(path, Repository.Read(path)));

    private static bool IsWritten(string path) => System.IO.Path.GetFileName(path) != "packages.lock.json" &&
        System.IO.Path.GetExtension(path) is ".cs" or ".csproj" or ".props" or ".targets" or ".py" or ".sh" or ".md" or ".service" or ".txt"
        || (System.IO.Path.GetExtension(path).Length == 0 && (path.StartsWith("tools/", StringComparison.Ordinal) || path.StartsWith(".ci/", StringComparison.Ordinal)));
}
