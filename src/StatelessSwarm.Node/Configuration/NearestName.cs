namespace StatelessSwarm.Node.Configuration;

/// <summary>The name a person meant: the one with the smallest Levenshtein distance, when it is near enough to be meant.</summary>
public static class NearestName
{
    // longer input is no typing error and would cost time in its square
    private const int MaxLength = 64;

    /// <summary>The nearest of <paramref name="known"/>, or null when none is within a third of the word's length (at least 2).</summary>
    public static string? Find(string word, IEnumerable<string> known)
    {
        if (word.Length is 0 or > MaxLength)
            return null;
        string? best = null;
        var bestDistance = Math.Max(2, word.Length / 3) + 1;
        foreach (var name in known)
        {
            if (name.Length > MaxLength)
                continue;
            var distance = Distance(word, name);
            if (distance < bestDistance)
                (best, bestDistance) = (name, distance);
        }
        return best;
    }

    private static int Distance(string left, string right)
    {
        var row = new int[right.Length + 1];
        for (var column = 0; column <= right.Length; column++)
            row[column] = column;
        for (var line = 1; line <= left.Length; line++)
        {
            var diagonal = row[0];
            row[0] = line;
            for (var column = 1; column <= right.Length; column++)
            {
                var above = row[column];
                var cost = char.ToLowerInvariant(left[line - 1]) == char.ToLowerInvariant(right[column - 1]) ? 0 : 1;
                row[column] = Math.Min(Math.Min(above + 1, row[column - 1] + 1), diagonal + cost);
                diagonal = above;
            }
        }
        return row[^1];
    }
}
